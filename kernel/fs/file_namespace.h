// Names of files: the root, what is mounted in it, and the walk along a path.
//
// Limits: kPathMax bytes a path with its zero (kNameTooLong), kNameMax bytes a name (kNameTooLong),
// kMaxSymlinks symbolic links a walk (kTooManySymlinks). Nothing blocks but opening a fifo.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/fs/inode.h"
#include "kernel/fs/object.h"
#include "kernel/fs/open_file.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/file.h"

namespace fs {

// Where a process stands in the tree. Shared by threads, and by processes made with CLONE_FS.
class WorkingState final : public Object {
 public:
  static constexpr uint32_t kFirstUmask = 022;

  WorkingState(Memory& memory, Ref<Inode> directory)
      : Object(memory), directory_(std::move(directory)) {}

  [[nodiscard]] Inode& directory() const { return *directory_; }
  // CHECKed: a directory.
  void SetDirectory(Ref<Inode> directory);
  [[nodiscard]] uint32_t umask() const { return umask_; }
  void SetUmask(uint32_t umask) { umask_ = umask & 0777; }

  // fork.
  [[nodiscard]] posix::Result<Ref<WorkingState>> Copy() const;

 private:
  Ref<Inode> directory_;
  uint32_t umask_ = kFirstUmask;
};

// Whether a symbolic link at the path's end is followed.
enum class FinalLink : uint8_t { kFollow, kKeep };

class FileNamespace {
 public:
  static constexpr size_t kMostMounts = 8;

  struct Mount {
    Ref<Inode> at;  // none: the root
    Ref<Inode> root;
    std::string_view type;  // "tmpfs", "proc": text that stays
  };

  FileNamespace(Ref<Inode> root, std::string_view type);

  [[nodiscard]] Inode& root() const { return *mounts_[0].root; }
  [[nodiscard]] std::span<const Mount> mounts() const { return {mounts_.data(), mount_count_}; }

  // Lays the file system of `root` over the directory `at`. Errors: kNotDirectory, kBusy, kNoSpace.
  posix::Result<> AddMount(Ref<Inode> at, Ref<Inode> root, std::string_view type);

  // The inode at `path`; relative ones start at `start`. Errors: kNoEntry, kNotDirectory and the
  // limits above.
  [[nodiscard]] posix::Result<Ref<Inode>> Find(Inode& start, std::string_view path,
                                               FinalLink final_link = FinalLink::kFollow);

  // open: `flags` of posix::open_flag, `permissions` without the umask's bits. Truncates and
  // creates as asked. Errors: those of Find(), kExists, kIsDirectory, and the inode's own.
  [[nodiscard]] posix::Result<Ref<OpenFile>> Open(Inode& start, std::string_view path,
                                                  uint32_t flags, uint32_t permissions = 0);

  // mkdir, mknod, symlink. Errors: those of Find() and of Inode::Create().
  posix::Result<Ref<Inode>> Create(Inode& start, std::string_view path, const NewInode& inode);
  posix::Result<> Link(Inode& target, Inode& start, std::string_view path);
  posix::Result<> Unlink(Inode& start, std::string_view path);
  posix::Result<> RemoveDirectory(Inode& start, std::string_view path);
  // `replace` kForbidden is RENAME_NOREPLACE.
  enum class Replace : uint8_t { kAllowed, kForbidden };
  posix::Result<> Rename(Inode& from_start, std::string_view from, Inode& to_start,
                         std::string_view to, Replace replace = Replace::kAllowed);

  // One of the absolute paths that lead to the inode, at the end of `buffer`. Errors: kNoEntry when
  // none does any more, kRange when the buffer is too small.
  [[nodiscard]] posix::Result<std::string_view> PathOf(const Inode& inode,
                                                       std::span<char> buffer) const;

 private:
  struct Walk;
  struct Found;

  [[nodiscard]] posix::Result<Found> WalkPath(Inode& start, std::string_view path,
                                              FinalLink final_link);
  [[nodiscard]] posix::Result<Found> WalkToNew(Inode& start, std::string_view path);
  [[nodiscard]] posix::Result<> Step(Walk& walk, std::string_view name, FinalLink final_link);
  [[nodiscard]] posix::Result<Ref<OpenFile>> OpenFound(const Found& found, uint32_t flags);
  [[nodiscard]] posix::Result<Ref<Inode>> ParentOf(Inode& directory) const;
  // Null: it is the root of nothing that is mounted.
  [[nodiscard]] const Mount* FindMountOf(const Inode& root) const;
  [[nodiscard]] Ref<Inode> Topmost(Ref<Inode> inode) const;

  std::array<Mount, kMostMounts> mounts_;
  size_t mount_count_ = 0;
};

}  // namespace fs
