#include "kernel/fs/devices.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "kernel/fs/pipe.h"
#include "kernel/posix/ioctl.h"

namespace fs {

using posix::Errno;
using posix::FileType;

namespace {

constexpr uint32_t kMemoryMajor = 1;
constexpr uint32_t kNull = 3;
constexpr uint32_t kZero = 5;
constexpr uint32_t kFull = 7;
constexpr uint32_t kRandom = 8;
constexpr uint32_t kUnlimitedRandom = 9;

constexpr posix::DeviceNumber kOwnTerminal = {5, 0};  // /dev/tty

// The devices without anything behind them; `kind` is the minor number.
class MemoryDevice final : public OpenFile {
 public:
  MemoryDevice(Memory& memory, Ref<Inode> inode, uint32_t flags, uint32_t kind,
               Environment& environment)
      : OpenFile(memory, std::move(inode), flags), kind_(kind), environment_(environment) {}

  posix::Result<size_t> Read(Destination& destination) override {
    if (kind_ == kNull || destination.left() == 0) return size_t{0};
    if (kind_ == kZero || kind_ == kFull)
      return MovedOrFault(destination.PutZeroes(destination.left()));
    return ReadRandom(destination);
  }

  posix::Result<size_t> Write(Source& source) override {
    if (kind_ == kFull) return std::unexpected(Errno::kNoSpace);
    if (kind_ == kRandom || kind_ == kUnlimitedRandom) return Stir(source);
    return source.left();  // nobody looks at it
  }

  posix::Result<size_t> ReadAt(uint64_t, Destination& destination) override {
    return Read(destination);
  }
  posix::Result<size_t> WriteAt(uint64_t, Source& source) override { return Write(source); }
  // Wherever one goes, it looks the same.
  posix::Result<uint64_t> Seek(int64_t, posix::Whence) override { return uint64_t{0}; }

 private:
  posix::Result<size_t> ReadRandom(Destination& destination) {
    constexpr size_t kPiece = 256;
    std::array<std::byte, kPiece> piece;
    while (destination.left() > 0) {
      const std::span bytes = std::span(piece).first(std::min(kPiece, destination.left()));
      environment_.FillRandom(bytes);
      if (destination.Put(bytes) < bytes.size()) break;
    }
    return MovedOrFault(destination.moved());
  }

  // The beginning is enough; nobody looks at the rest.
  posix::Result<size_t> Stir(Source& source) {
    constexpr size_t kMost = 256;
    std::array<std::byte, kMost> piece;
    const size_t given = source.left();
    const std::span bytes = std::span(piece).first(std::min(kMost, given));
    if (source.Take(bytes) < bytes.size()) return std::unexpected(Errno::kFault);
    environment_.StirRandom(bytes);
    return given;
  }

  uint32_t kind_;
  Environment& environment_;
};

// Reads and writes are its inode's.
class DiskFile final : public OpenFile {
 public:
  DiskFile(Memory& memory, Ref<Inode> inode, uint32_t flags, const Disk& disk)
      : OpenFile(memory, std::move(inode), flags), disk_(disk) {}

  posix::Result<uintptr_t> Ioctl(uint32_t request, IoctlArgument& argument) override {
    const auto answer = [&](auto value) -> posix::Result<uintptr_t> {
      TRY(argument.Write(std::as_bytes(std::span(&value, 1))));
      return 0;
    };
    switch (request) {
      case posix::ioctl::kGetDiskBytes:
        return answer(disk_.size_bytes());
      case posix::ioctl::kGetDiskSectors:
        return answer(static_cast<uintptr_t>(disk_.size_bytes() / Disk::kSectorBytes));
      case posix::ioctl::kGetSectorBytes:
        return answer(static_cast<uint32_t>(Disk::kSectorBytes));
      case posix::ioctl::kGetDiskReadOnly:
        return answer(disk_.IsWritable() ? uint32_t{0} : uint32_t{1});
      default:
        return OpenFile::Ioctl(request, argument);
    }
  }

 private:
  const Disk& disk_;
};

constexpr std::string_view kDiskPath = "/dev/vda";

}  // namespace

Disk* Devices::FindDisk(posix::DeviceNumber device) const {
  const bool is_there = device == kDiskDevice && parts_.disk.pages() != nullptr;
  return is_there ? &parts_.disk : nullptr;
}

posix::Result<Ref<OpenFile>> Devices::OpenDisk(Inode& inode, uint32_t flags) {
  if (inode.Status().device != kDiskDevice || !parts_.disk.HasDriver()) {
    return std::unexpected(Errno::kNoDevice);
  }
  const bool writes = (flags & posix::open_flag::kAccessMode) != posix::open_flag::kReadOnly;
  if (writes && !parts_.disk.IsWritable()) return std::unexpected(Errno::kReadOnly);
  // A list of mappings finds the file by its object: the one that was opened last.
  parts_.disk.pages()->SetOwner(inode.number(), &inode);
  return TRY(MakeObject<DiskFile>(parts_.memory, Ref<Inode>(&inode), flags, parts_.disk));
}

posix::Result<Ref<OpenFile>> Devices::OpenDevice(Inode& inode, uint32_t flags) {
  const posix::DeviceNumber device = inode.Status().device;
  if (inode.type() == FileType::kBlockDevice) return OpenDisk(inode, flags);
  if (inode.type() != FileType::kCharacterDevice) return std::unexpected(Errno::kNoDevice);
  if (device == kConsoleDevice || device == kSerialDevice || device == kOwnTerminal) {
    Terminal& terminal = parts_.terminal;
    const bool is_own =
        terminal.session() != 0 && terminal.session() == parts_.jobs.CurrentSession();
    if (device == kOwnTerminal && !is_own) return std::unexpected(Errno::kNoDevice);
    Ref<OpenFile> file =
        TRY(MakeObject<TerminalFile>(parts_.memory, Ref<Inode>(&inode), flags, terminal));
    if (device == kSerialDevice) terminal.OnOpen(flags);
    return file;
  }
  constexpr std::array kKinds = {kNull, kZero, kFull, kRandom, kUnlimitedRandom};
  const bool is_known =
      device.major == kMemoryMajor && std::ranges::find(kKinds, device.minor) != kKinds.end();
  if (!is_known) return std::unexpected(Errno::kNoDevice);
  return TRY(MakeObject<MemoryDevice>(parts_.memory, Ref<Inode>(&inode), flags, device.minor,
                                      parts_.environment));
}

posix::Result<Ref<Object>> Devices::MakeFifo() { return TRY(Pipe::Create(parts_.memory)); }

posix::Result<Ref<OpenFile>> Devices::OpenFifo(Inode& inode, Object& fifo, uint32_t flags) {
  return fs::OpenFifo(parts_.memory, inode, static_cast<Pipe&>(fifo), flags);
}

MappedAs Devices::DeviceMappedAs(posix::DeviceNumber device) const {
  const bool is_zero = device == posix::DeviceNumber{kMemoryMajor, kZero};
  return is_zero ? MappedAs::kZeroes : MappedAs::kNothing;
}

posix::Result<> MakeDeviceFiles(FileNamespace& names) {
  struct Row {
    std::string_view path;
    NewInode inode;
  };
  constexpr uint32_t kForAll = 0666;
  constexpr uint32_t kForOwner = 0600;
  constexpr uint32_t kDirectory = 0755;
  constexpr auto device = [](uint32_t permissions, posix::DeviceNumber number) {
    return NewInode{FileType::kCharacterDevice, permissions, number, {}};
  };
  constexpr auto link = [](std::string_view target) {
    return NewInode{FileType::kSymlink, 0, {}, target};
  };
  const auto rows = std::to_array<Row>({
      {"/dev", {FileType::kDirectory, kDirectory, {}, {}}},
      {"/dev/null", device(kForAll, {kMemoryMajor, kNull})},
      {"/dev/zero", device(kForAll, {kMemoryMajor, kZero})},
      {"/dev/full", device(kForAll, {kMemoryMajor, kFull})},
      {"/dev/random", device(kForAll, {kMemoryMajor, kRandom})},
      {"/dev/urandom", device(kForAll, {kMemoryMajor, kUnlimitedRandom})},
      {"/dev/tty", device(kForAll, kOwnTerminal)},
      {"/dev/console", device(kForOwner, kConsoleDevice)},
      {"/dev/ttyS0", device(kForOwner, kSerialDevice)},
      {"/dev/fd", link("/proc/self/fd")},
      {"/dev/stdin", link("/proc/self/fd/0")},
      {"/dev/stdout", link("/proc/self/fd/1")},
      {"/dev/stderr", link("/proc/self/fd/2")},
      {"/dev/shm", {FileType::kDirectory, 01777, {}, {}}},
  });
  for (const Row& row : rows) {
    const posix::Result<Ref<Inode>> made = names.Create(names.root(), row.path, row.inode);
    if (!made && made.error() != Errno::kExists) return std::unexpected(made.error());
  }
  return {};
}

posix::Result<> MakeDiskFile(FileNamespace& names) {
  constexpr uint32_t kForOwnersGroup = 0660;
  TRY(names.Create(names.root(), kDiskPath,
                   {FileType::kBlockDevice, kForOwnersGroup, kDiskDevice, {}}));
  return {};
}

// It may be gone already.
void RemoveDiskFile(FileNamespace& names) {
  static_cast<void>(names.Unlink(names.root(), kDiskPath));
}

}  // namespace fs
