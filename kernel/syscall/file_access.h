// What the calls of files have in common: descriptors, paths, directories that paths start at.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/fs/file_namespace.h"
#include "kernel/fs/file_table.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/object.h"
#include "kernel/fs/open_file.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/file.h"
#include "kernel/process/current.h"
#include "kernel/syscall/services.h"

namespace syscall {

[[nodiscard]] inline fs::FileTable& Files() { return *kernel::CurrentProcess().files; }
[[nodiscard]] inline fs::WorkingState& Place() { return *kernel::CurrentProcess().place; }
[[nodiscard]] inline fs::FileNamespace& Names() { return TheServices().names; }

// Errors of all: kBadDescriptor, also where the file is not open for that.
[[nodiscard]] inline posix::Result<fs::Ref<fs::OpenFile>> FileOf(int descriptor) {
  return Files().Get(descriptor);
}
[[nodiscard]] posix::Result<fs::Ref<fs::OpenFile>> FileToRead(int descriptor);
[[nodiscard]] posix::Result<fs::Ref<fs::OpenFile>> FileToWrite(int descriptor);
// Not for what was opened with O_PATH.
[[nodiscard]] posix::Result<fs::Ref<fs::OpenFile>> FileToUse(int descriptor);

// That a file may not grow so far: the thread gets SIGXFSZ, where it is the process's own limit.
void TellOfFileLimit();

// A path that a program passed, in the kernel's memory: short ones on the stack.
class UserPath {
 public:
  UserPath() = default;
  UserPath(const UserPath&) = delete;
  UserPath& operator=(const UserPath&) = delete;
  ~UserPath();

  // Called once. Errors: kFault, kNameTooLong, kOutOfMemory.
  [[nodiscard]] posix::Result<> Read(uintptr_t path);

  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  static constexpr size_t kShort = 128;

  std::array<char, kShort> short_;
  char* long_ = nullptr;
  std::string_view text_;
};

// A path and the directory that it starts at, as the calls with "at" take them.
class PlaceAt {
 public:
  // Called once. Errors: those of UserPath::Read(); kBadDescriptor and kNotDirectory, where the
  // descriptor matters.
  [[nodiscard]] posix::Result<> Read(int directory, uintptr_t path);

  [[nodiscard]] std::string_view path() const { return path_.text(); }
  [[nodiscard]] fs::Inode& start() const { return *start_; }

  // FileNamespace::Find(). With kAtEmptyPath in `flags`, an empty path is what the descriptor has
  // open; with kAtSymlinkNoFollow, a link at the end stays one.
  [[nodiscard]] posix::Result<fs::Ref<fs::Inode>> Find(uint32_t flags) const;

 private:
  UserPath path_;
  fs::Ref<fs::Inode> start_;
};

}  // namespace syscall
