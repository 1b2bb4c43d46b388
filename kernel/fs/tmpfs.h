// A file system in memory: directories on the heap, contents in paged objects. The root file system
// is one, and /dev and /tmp are folders of it.
//
// Reads do not touch time stamps, as if mounted with noatime.
#pragma once

#include <cstdint>

#include "kernel/base/result.h"
#include "kernel/fs/environment.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/object.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/space/paged_object.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/file.h"

namespace fs {

class Disk;

// Opens what mknod has made: devices by number, and fifos.
class SpecialFiles {
 public:
  // Error: kNoDevice.
  virtual posix::Result<Ref<OpenFile>> OpenDevice(Inode& inode, uint32_t flags) = 0;
  // What a new fifo keeps, so that all who open it meet.
  virtual posix::Result<Ref<Object>> MakeFifo() = 0;
  virtual posix::Result<Ref<OpenFile>> OpenFifo(Inode& inode, Object& fifo, uint32_t flags) = 0;
  // What mapping the device shows.
  [[nodiscard]] virtual MappedAs DeviceMappedAs(posix::DeviceNumber device) const = 0;
  // The disk that a block device is; null for others, and while there has been no disk yet.
  [[nodiscard]] virtual Disk* FindDisk(posix::DeviceNumber) const { return nullptr; }

 protected:
  SpecialFiles() = default;
  ~SpecialFiles() = default;
  SpecialFiles(const SpecialFiles&) = default;
  SpecialFiles& operator=(const SpecialFiles&) = default;
};

// Outlives its inodes, and what it is made of outlives it.
class TmpFileSystem {
 public:
  struct Parts {
    Memory& memory;
    Environment& environment;
    mm::PagedObjectPool& pool;
    SpecialFiles& special;
  };

  // `most_pages`: how many pages the pool may have before writes fail with kNoSpace.
  TmpFileSystem(const Parts& parts, posix::DeviceNumber number, mm::PageCount most_pages)
      : parts_(parts), number_(number), most_pages_(most_pages) {}
  TmpFileSystem(const TmpFileSystem&) = delete;
  TmpFileSystem& operator=(const TmpFileSystem&) = delete;

  // Called once. Error: kOutOfMemory.
  [[nodiscard]] posix::Result<Ref<Inode>> MakeRoot();

  // A regular file that no directory has: memfd_create, shared anonymous memory. Its name is only
  // shown. Errors: kOutOfMemory, kNameTooLong.
  [[nodiscard]] posix::Result<Ref<Inode>> MakeUnnamed(uint32_t permissions);

  // The contents of a new regular file of this file system, which nobody has written to yet, come
  // from `filler` (see mm::PageFiller) as far as it is not truncated. Error: kOutOfMemory, and the
  // filler has been told of the object's end.
  class Contents : public mm::PageFiller {
   public:
    // Contents from `size_bytes` on are no more: the file was cut there.
    virtual void Cut(uint64_t size_bytes) = 0;
  };
  [[nodiscard]] static posix::Result<> SetContents(Inode& file, uint64_t size_bytes,
                                                   Contents& contents);

  [[nodiscard]] mm::PageCount most_pages() const { return most_pages_; }
  [[nodiscard]] mm::PageCount pages() const { return parts_.pool.pages(); }
  [[nodiscard]] bool HasRoom() const { return pages() < most_pages_; }

  // For this file system's inodes.
  [[nodiscard]] const Parts& parts() const { return parts_; }
  [[nodiscard]] posix::FileStatus NewStatus(posix::FileType type, uint32_t permissions);

 private:
  Parts parts_;
  posix::DeviceNumber number_;
  mm::PageCount most_pages_;
  uint64_t next_inode_ = 1;
};

}  // namespace fs
