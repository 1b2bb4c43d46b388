// Devices by number, as Linux's Documentation/admin-guide/devices.txt numbers them: memory devices,
// the terminal, and the disk.
#pragma once

#include "kernel/fs/disk.h"
#include "kernel/fs/environment.h"
#include "kernel/fs/file_namespace.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/job_control.h"
#include "kernel/fs/object.h"
#include "kernel/fs/open_file.h"
#include "kernel/fs/terminal.h"
#include "kernel/fs/tmpfs.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/file.h"

namespace fs {

// The one terminal, under two names. /dev/console never becomes a controlling terminal by being
// opened; who wants that asks for it, or opens the line itself.
inline constexpr posix::DeviceNumber kConsoleDevice = {5, 1};
inline constexpr posix::DeviceNumber kSerialDevice = {4, 64};  // /dev/ttyS0

// The disk: the major number is the first of those for local use.
inline constexpr posix::DeviceNumber kDiskDevice = {240, 0};

class Devices final : public SpecialFiles {
 public:
  // All outlive it.
  struct Parts {
    Memory& memory;
    Environment& environment;
    Terminal& terminal;
    JobControl& jobs;
    Disk& disk;
  };

  explicit Devices(const Parts& parts) : parts_(parts) {}

  posix::Result<Ref<OpenFile>> OpenDevice(Inode& inode, uint32_t flags) override;
  posix::Result<Ref<Object>> MakeFifo() override;
  posix::Result<Ref<OpenFile>> OpenFifo(Inode& inode, Object& fifo, uint32_t flags) override;
  [[nodiscard]] MappedAs DeviceMappedAs(posix::DeviceNumber device) const override;
  [[nodiscard]] Disk* FindDisk(posix::DeviceNumber device) const override;

 private:
  posix::Result<Ref<OpenFile>> OpenDisk(Inode& inode, uint32_t flags);

  Parts parts_;
};

// Makes /dev in `names` and what programs expect in it; what is there already stays. Errors: those
// of FileNamespace::Create().
posix::Result<> MakeDeviceFiles(FileNamespace& names);

// /dev/vda comes and goes with the disk's driver. Errors: those of FileNamespace::Create().
posix::Result<> MakeDiskFile(FileNamespace& names);
void RemoveDiskFile(FileNamespace& names);

}  // namespace fs
