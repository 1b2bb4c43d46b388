// What the inodes of /proc have in common.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "kernel/base/print.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/object.h"
#include "kernel/fs/open_file.h"
#include "kernel/fs/proc.h"
#include "kernel/fs/process_source.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/file.h"

namespace fs::proc {

inline constexpr posix::DeviceNumber kProcDevice = {0, 4};
inline constexpr uint32_t kDirectoryPermissions = 0555;
inline constexpr uint32_t kFilePermissions = 0444;
inline constexpr uint32_t kSettingPermissions = 0644;
inline constexpr uint32_t kLinkPermissions = 0777;

// Inodes of a process or thread have 2^16 numbers, behind those of the system: 32 bits are enough
// for all processes there can be.
[[nodiscard]] constexpr uint64_t NumberOfProcess(ProcessId id, size_t index) {
  constexpr unsigned kShift = 16;
  return (static_cast<uint64_t>(id) + 1) << kShift | index;
}

// A number in decimal; nothing for what is none, or has more digits than a process can.
[[nodiscard]] std::optional<int32_t> NumberOf(std::string_view name);

// The digits of a number that is not negative, in an array of its own.
class Digits {
 public:
  explicit Digits(int32_t number);
  [[nodiscard]] std::string_view view() const {
    return {text_.data() + first_, text_.size() - first_};
  }

 private:
  static constexpr size_t kMostDigits = 10;
  std::array<char, kMostDigits> text_{};
  size_t first_ = kMostDigits;
};

// Its name is at most kNameBytes long; its device and times are set here.
class ProcNode : public Inode {
 public:
  static constexpr size_t kNameBytes = 20;

  [[nodiscard]] std::optional<Name> FindName() const override {
    if (!parent_) return std::nullopt;
    return Name{parent_.get(), std::string_view(name_.data(), name_bytes_)};
  }

 protected:
  ProcNode(Memory& memory, const ProcParts& parts, Ref<Inode> parent, std::string_view name,
           const posix::FileStatus& status);

  [[nodiscard]] const ProcParts& parts() const { return parts_; }
  [[nodiscard]] uint64_t parent_number() const { return parent_ ? parent_->number() : number(); }

  static constexpr uint64_t kFirstPosition = 2;
  // "." and "..", at the positions before it. False when the visitor wants no more.
  [[nodiscard]] bool ListSelf(uint64_t position, DirectoryVisitor visitor) const;

 private:
  const ProcParts& parts_;
  Ref<Inode> parent_;  // none: the root
  std::array<char, kNameBytes> name_{};
  size_t name_bytes_ = 0;
};

// A file whose text a function prints.
class TextNode : public ProcNode {
 public:
  // Error: kNoProcess, when what it tells of is gone.
  [[nodiscard]] virtual posix::Result<> PrintTo(base::Sink& sink) const = 0;
  // What somebody writes, where the permissions let anybody: all of it at once. Error: kInvalid.
  [[nodiscard]] virtual posix::Result<> Set(std::string_view /*text*/) {
    return std::unexpected(posix::Errno::kInvalid);
  }
  posix::Result<Ref<OpenFile>> Open(uint32_t flags) override;

 protected:
  using ProcNode::ProcNode;
};

// /proc/<pid>, or task/<tid> in it, which has no threads of its own: a tree that ends.
enum class DirectoryOf : uint8_t { kProcess, kThread };

// Of a process or thread that exists. Error: kOutOfMemory.
[[nodiscard]] posix::Result<Ref<Inode>> MakeProcessDirectory(const ProcParts& parts,
                                                             Ref<Inode> parent, ProcessId id,
                                                             DirectoryOf of);

}  // namespace fs::proc
