// A file, a directory, a device: what names lead to. Kinds of file systems derive from Inode and
// override what their files can do; everything else fails as Linux has it fail.
//
// No locks, see object.h. Nothing here blocks unless its comment says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/base/function_ref.h"
#include "kernel/fs/buffer.h"
#include "kernel/fs/environment.h"
#include "kernel/fs/file_locks.h"
#include "kernel/fs/object.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/file.h"
#include "kernel/posix/file_status.h"

namespace mm {
class PagedObject;
}

namespace fs {

class OpenFile;

// A new directory entry's inode.
struct NewInode {
  posix::FileType type = posix::FileType::kRegular;
  uint32_t permissions = 0;      // what of kPermissionMask; the umask is already off
  posix::DeviceNumber device{};  // of a device
  std::string_view target{};     // of a symbolic link
};

// One entry of a directory, as getdents shows it.
struct DirectoryEntry {
  std::string_view name;
  uint64_t inode;
  posix::FileType type;
  // Where to go on behind this entry. Linux calls it d_off.
  uint64_t next_position;
};

// Takes an entry; kStop when it has no room for it, which ends the listing before that entry.
enum class Listing : uint8_t { kGoOn, kStop };
using DirectoryVisitor = base::FunctionRef<Listing(const DirectoryEntry&)>;

// What mmap() of a file shows.
enum class MappedAs : uint8_t {
  kNothing,  // ENODEV
  kPages,    // pages(), the file's page cache
  kZeroes,   // /dev/zero: anonymous memory
};

class Inode : public Object {
 public:
  // A name that leads to the inode: one of them, if there are several.
  struct Name {
    Inode* parent;
    std::string_view name;
  };

  [[nodiscard]] posix::FileType type() const { return status_.type; }
  [[nodiscard]] bool IsDirectory() const { return type() == posix::FileType::kDirectory; }
  [[nodiscard]] uint64_t number() const { return status_.inode; }
  [[nodiscard]] uint32_t permissions() const { return status_.permissions; }

  // Everything that stat() shows.
  [[nodiscard]] virtual posix::FileStatus Status() const { return status_; }
  // chmod, chown, utimensat; files made up as they are read refuse (kNotPermitted).
  virtual posix::Result<> SetPermissions(uint32_t permissions);
  virtual posix::Result<> SetOwner(std::optional<uint32_t> user, std::optional<uint32_t> group);
  virtual posix::Result<> SetTimes(std::optional<posix::TimeSpec> accessed,
                                   std::optional<posix::TimeSpec> modified);

  // --- Directories. Names are 1 to kNameMax bytes, and never "." or "..". ------------------------

  // Error: kNoEntry; kNotDirectory of what is none, here and in all that follow.
  [[nodiscard]] virtual posix::Result<Ref<Inode>> Lookup(std::string_view name);
  // Errors: kExists, kOutOfMemory, kNotPermitted where nothing can be made.
  virtual posix::Result<Ref<Inode>> Create(std::string_view name, const NewInode& inode);
  // Another name for `target`, which is no directory. Errors: as Create(), kCrossDevice.
  virtual posix::Result<> Link(std::string_view name, Inode& target);
  // unlink and rmdir. Errors: kNoEntry, kIsDirectory, kNotDirectory, kNotEmpty, kBusy.
  virtual posix::Result<> Unlink(std::string_view name);
  virtual posix::Result<> RemoveDirectory(std::string_view name);
  // rename. An existing `to_name` is replaced, as POSIX has it. Errors: those of the others,
  // kInvalid when a directory would come to lie in itself.
  virtual posix::Result<> Rename(std::string_view name, Inode& to, std::string_view to_name);
  // Calls `visitor` with the entries from `position` on; 0 is the first, "." and ".." included.
  // Entries made or removed meanwhile do not make others come twice or not at all.
  virtual posix::Result<> List(uint64_t position, DirectoryVisitor visitor);
  // Of a directory: where ".." leads; the root of a file system has none.
  [[nodiscard]] virtual std::optional<Name> FindName() const { return std::nullopt; }

  // --- Symbolic links
  // -----------------------------------------------------------------------------

  // What readlink() shows. The text lies in `buffer` or in the inode. Error: kInvalid.
  [[nodiscard]] virtual posix::Result<std::string_view> ReadLink(std::span<char> buffer);
  // Of a link that leads to an inode without a walk, such as /proc/<pid>/exe: where. Error:
  // kInvalid where the text is all there is.
  [[nodiscard]] virtual posix::Result<Ref<Inode>> FollowDirectly();

  // --- Contents
  // -----------------------------------------------------------------------------------

  // A new description of the file, for `flags` of posix::open_flag. Has truncated nothing. May
  // block (the other end of a fifo).
  [[nodiscard]] virtual posix::Result<Ref<OpenFile>> Open(uint32_t flags);
  // Bytes from `offset` on; 0 at the end. May block, where the file is a device.
  virtual posix::Result<size_t> ReadAt(uint64_t offset, Destination& destination);
  virtual posix::Result<size_t> WriteAt(uint64_t offset, Source& source);
  // truncate. Errors: kInvalid, kFileTooLarge, kIsDirectory.
  virtual posix::Result<> Resize(uint64_t size_bytes);
  [[nodiscard]] virtual uint64_t size_bytes() const { return 0; }
  // Whether ReadAt() knows offsets, so that lseek() and pread() make sense.
  [[nodiscard]] virtual bool IsSeekable() const { return true; }

  // fsync. May block, where the file is a disk.
  virtual posix::Result<> Sync() { return {}; }

  [[nodiscard]] virtual MappedAs mapped_as() const { return MappedAs::kNothing; }
  // The page cache; null where mapped_as() is not kPages.
  [[nodiscard]] virtual mm::PagedObject* pages() { return nullptr; }

  // --- Advisory locks
  // -----------------------------------------------------------------------------

  // Null while nobody has asked for any.
  [[nodiscard]] FileLocks* locks() const { return locks_.get(); }
  // Error: kOutOfMemory.
  [[nodiscard]] posix::Result<FileLocks*> MakeLocks();

  // For the walk over mounted file systems; see file_namespace.h.
  [[nodiscard]] bool is_mount_point() const { return is_mount_point_; }

 protected:
  Inode(Memory& memory, Environment& environment, const posix::FileStatus& status)
      : Object(memory), environment_(environment), status_(status) {}
  ~Inode() override = default;

  [[nodiscard]] Environment& environment() const { return environment_; }
  posix::FileStatus& status() { return status_; }
  [[nodiscard]] const posix::FileStatus& status() const { return status_; }

 private:
  friend class FileNamespace;

  [[nodiscard]] posix::Errno WhyNoDirectoryChange() const;

  Environment& environment_;
  posix::FileStatus status_;
  Ref<FileLocks> locks_;
  bool is_mount_point_ = false;
};

}  // namespace fs
