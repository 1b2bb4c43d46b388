#include "kernel/syscall/file_calls.h"

#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "arch/ops/abi.h"
#include "kernel/fs/pipe.h"
#include "kernel/posix/ioctl.h"
#include "kernel/process/system.h"
#include "kernel/syscall/file_access.h"
#include "kernel/syscall/record_lock.h"
#include "kernel/syscall/user_buffer.h"

namespace syscall {

using fs::CloseOnExec;
using fs::OpenFile;
using fs::Ref;
using posix::Errno;
namespace open_flag = posix::open_flag;

namespace {

// Beyond RLIMIT_FSIZE no file grows.
posix::CallResult Resize(fs::Inode& inode, uint64_t bytes) {
  if (bytes > MostFileBytes() && bytes > inode.size_bytes()) {
    TellOfFileLimit();
    return std::unexpected(Errno::kFileTooLarge);
  }
  return inode.Resize(bytes);
}

CloseOnExec CloseOnExecOf(uint32_t open_flags) {
  return (open_flags & open_flag::kCloseOnExec) != 0 ? CloseOnExec::kYes : CloseOnExec::kNo;
}

posix::CallResult OpenAt(int directory, uintptr_t path, uint32_t flags, uint32_t mode) {
  if ((flags & open_flag::kAccessMode) == open_flag::kAccessMode) {
    return std::unexpected(Errno::kInvalid);
  }
  PlaceAt place;
  TRY(place.Read(directory, path));
  const uint32_t permissions = mode & posix::kPermissionMask & ~Place().umask();
  Ref<OpenFile> file = TRY(Names().Open(place.start(), place.path(), flags, permissions));
  return Files().Add(std::move(file), CloseOnExecOf(flags));
}

// No file can be sealed, so that all of memory have the seal against further ones.
posix::CallResult Seals(OpenFile& file, posix::FcntlCommand command) {
  constexpr uint32_t kSealed = 1;  // F_SEAL_SEAL
  if (file.inode().mapped_as() != fs::MappedAs::kPages) return std::unexpected(Errno::kInvalid);
  if (command == posix::FcntlCommand::kAddSeals) return std::unexpected(Errno::kNotPermitted);
  return kSealed;
}

}  // namespace

posix::CallResult Open(uintptr_t path, uint32_t flags, uint32_t mode) {
  return Openat(posix::kAtWorkingDirectory, path, flags, mode);
}

posix::CallResult Openat(int directory, uintptr_t path, uint32_t flags, uint32_t mode) {
  return OpenAt(directory, path, posix::DecodeOpenFlags(arch::kAbi, flags), mode);
}

posix::CallResult Creat(uintptr_t path, uint32_t mode) {
  return OpenAt(posix::kAtWorkingDirectory, path,
                open_flag::kCreate | open_flag::kWriteOnly | open_flag::kTruncate, mode);
}

posix::CallResult Close(int descriptor) { return Files().Close(descriptor); }

posix::CallResult MemfdCreate(uintptr_t name, uint32_t flags) {
  constexpr uint32_t kCloseOnExec = 1;  // MFD_CLOEXEC. Not MFD_ALLOW_SEALING: nothing is sealed
  constexpr uint32_t kPermissions = 0777;
  constexpr size_t kLongestName = posix::kNameMax - std::string_view("memfd:").size();
  if ((flags & ~kCloseOnExec) != 0) return std::unexpected(Errno::kInvalid);
  std::array<char, kLongestName + 1> text;
  const auto length = kernel::ReadUserString(text, {name});
  if (!length) {
    const bool is_long = length.error() == Errno::kNameTooLong;
    return std::unexpected(is_long ? Errno::kInvalid : length.error());
  }
  const Ref<fs::Inode> inode = TRY(TheServices().files.MakeUnnamed(kPermissions));
  Ref<OpenFile> file = TRY(inode->Open(open_flag::kReadWrite));
  const bool closes = (flags & kCloseOnExec) != 0;
  return Files().Add(std::move(file), closes ? CloseOnExec::kYes : CloseOnExec::kNo);
}

posix::CallResult Pipe(kernel::UserPointer<int32_t> descriptors) { return Pipe2(descriptors, 0); }

posix::CallResult Pipe2(kernel::UserPointer<int32_t> descriptors, uint32_t flags) {
  const uint32_t decoded = posix::DecodeOpenFlags(arch::kAbi, flags);
  constexpr uint32_t kKnown = open_flag::kCloseOnExec | open_flag::kNonBlock | open_flag::kDirect;
  if ((decoded & ~kKnown) != 0) return std::unexpected(Errno::kInvalid);
  fs::PipeEnds ends = TRY(TheServices().pipes.Make(decoded));
  const CloseOnExec close_on_exec = CloseOnExecOf(decoded);
  const int reading = TRY(Files().Add(std::move(ends.reading), close_on_exec));
  const posix::Result<int> writing = Files().Add(std::move(ends.writing), close_on_exec);
  posix::Result<> done = writing.transform([](int) {});
  if (writing) done = descriptors.WriteMany(std::array<int32_t, 2>{reading, *writing});
  if (done) return 0;
  static_cast<void>(Files().Close(reading));
  if (writing) static_cast<void>(Files().Close(*writing));
  return std::unexpected(done.error());
}

// --- Positions
// ------------------------------------------------------------------------------------

posix::CallResult Lseek(int descriptor, intptr_t offset, posix::Whence whence) {
  const uint64_t position = TRY(TRY(FileToUse(descriptor))->Seek(offset, whence));
  if (position > static_cast<uint64_t>(std::numeric_limits<intptr_t>::max())) {
    return std::unexpected(Errno::kOverflow);
  }
  return static_cast<intptr_t>(position);
}

posix::CallResult Llseek(int descriptor, uint32_t offset_high, uint32_t offset_low,
                         kernel::UserPointer<int64_t> result, posix::Whence whence) {
  const auto offset = static_cast<int64_t>(uint64_t{offset_high} << 32 | offset_low);
  const uint64_t position = TRY(TRY(FileToUse(descriptor))->Seek(offset, whence));
  return result.Write(static_cast<int64_t>(position));
}

posix::CallResult Truncate(uintptr_t path, intptr_t bytes) { return Truncate64(path, bytes); }

posix::CallResult Truncate64(uintptr_t path, int64_t bytes) {
  if (bytes < 0) return std::unexpected(Errno::kInvalid);
  PlaceAt place;
  TRY(place.Read(posix::kAtWorkingDirectory, path));
  return Resize(*TRY(place.Find(0)), static_cast<uint64_t>(bytes));
}

posix::CallResult Ftruncate(int descriptor, intptr_t bytes) {
  return Ftruncate64(descriptor, bytes);
}

posix::CallResult Ftruncate64(int descriptor, int64_t bytes) {
  const Ref<OpenFile> file = TRY(FileToUse(descriptor));
  if (bytes < 0 || !file->IsWritable()) return std::unexpected(Errno::kInvalid);
  return Resize(file->inode(), static_cast<uint64_t>(bytes));
}

posix::CallResult Fallocate(int descriptor, uint32_t mode, int64_t offset, int64_t bytes) {
  const Ref<OpenFile> file = TRY(FileToWrite(descriptor));
  if (offset < 0 || bytes <= 0) return std::unexpected(Errno::kInvalid);
  if (mode != 0) return std::unexpected(Errno::kNotSupported);
  if (!file->inode().IsSeekable()) return std::unexpected(Errno::kIllegalSeek);
  int64_t size = 0;
  if (__builtin_add_overflow(offset, bytes, &size)) return std::unexpected(Errno::kFileTooLarge);
  const auto wanted = static_cast<uint64_t>(size);
  if (wanted <= file->inode().size_bytes()) return 0;
  return Resize(file->inode(), wanted);
}

posix::CallResult Fadvise64(int descriptor, int64_t offset, size_t bytes, uint32_t advice) {
  return Fadvise6464(descriptor, advice, offset, static_cast<intptr_t>(bytes));
}

posix::CallResult Fadvise6464(int descriptor, uint32_t advice, int64_t, int64_t bytes) {
  constexpr uint32_t kLastAdvice = 5;  // POSIX_FADV_NOREUSE
  const Ref<OpenFile> file = TRY(FileToUse(descriptor));
  if (file->IsPipe()) return std::unexpected(Errno::kIllegalSeek);
  if (bytes < 0 || advice > kLastAdvice) return std::unexpected(Errno::kInvalid);
  return 0;
}

// --- Descriptors
// ----------------------------------------------------------------------------------

posix::CallResult Dup(int descriptor) {
  return Files().Add(TRY(FileOf(descriptor)), CloseOnExec::kNo);
}

posix::CallResult Dup2(int from, int to) {
  Ref<OpenFile> file = TRY(FileOf(from));
  if (from == to) return to;
  return Files().Place(std::move(file), to, CloseOnExec::kNo);
}

posix::CallResult Dup3(int from, int to, uint32_t flags) {
  if (from == to || (flags & ~open_flag::kCloseOnExec) != 0) {
    return std::unexpected(Errno::kInvalid);
  }
  return Files().Place(TRY(FileOf(from)), to, CloseOnExecOf(flags));
}

posix::CallResult Fcntl(int descriptor, posix::FcntlCommand command, uintptr_t argument) {
  using posix::FcntlCommand;
  const Ref<OpenFile> file = TRY(FileOf(descriptor));
  const auto number = static_cast<int>(argument);
  switch (command) {
    case FcntlCommand::kDuplicate:
      return Files().Add(file, CloseOnExec::kNo, number);
    case FcntlCommand::kDuplicateCloseOnExec:
      return Files().Add(file, CloseOnExec::kYes, number);
    case FcntlCommand::kGetDescriptorFlags: {
      const CloseOnExec closes = TRY(Files().close_on_exec(descriptor));
      return closes == CloseOnExec::kYes ? posix::kDescriptorCloseOnExec : 0;
    }
    case FcntlCommand::kSetDescriptorFlags: {
      const bool closes = (argument & posix::kDescriptorCloseOnExec) != 0;
      return Files().SetCloseOnExec(descriptor, closes ? CloseOnExec::kYes : CloseOnExec::kNo);
    }
    case FcntlCommand::kGetStatusFlags: {
      constexpr uint32_t kNotKept = open_flag::kCreate | open_flag::kExclusive |
                                    open_flag::kNoControllingTerminal | open_flag::kTruncate |
                                    open_flag::kCloseOnExec;
      return posix::EncodeOpenFlags(arch::kAbi, file->flags() & ~kNotKept);
    }
    case FcntlCommand::kSetStatusFlags:
      file->SetStatusFlags(posix::DecodeOpenFlags(arch::kAbi, static_cast<uint32_t>(argument)));
      return 0;
    case FcntlCommand::kGetPipeSize:
    case FcntlCommand::kSetPipeSize:
      if (!file->IsPipe()) return std::unexpected(Errno::kBadDescriptor);
      // It grows as it needs to, and to no other size.
      if (command == FcntlCommand::kSetPipeSize && argument > fs::Pipe::kMostBytes) {
        return std::unexpected(Errno::kNotPermitted);
      }
      return static_cast<intptr_t>(fs::Pipe::kMostBytes);
    case FcntlCommand::kAddSeals:
    case FcntlCommand::kGetSeals:
      return Seals(*file, command);
    case FcntlCommand::kGetLock:
    case FcntlCommand::kSetLock:
    case FcntlCommand::kSetLockWait:
    case FcntlCommand::kGetLock64:
    case FcntlCommand::kSetLock64:
    case FcntlCommand::kSetLockWait64:
      return LockRecord(*file, command, argument);
    default:
      return std::unexpected(Errno::kInvalid);
  }
}

posix::CallResult Ioctl(int descriptor, uint32_t request, uintptr_t argument) {
  const Ref<OpenFile> file = TRY(FileToUse(descriptor));
  switch (request) {
    case posix::ioctl::kSetCloseOnExec:
      return Files().SetCloseOnExec(descriptor, CloseOnExec::kYes);
    case posix::ioctl::kClearCloseOnExec:
      return Files().SetCloseOnExec(descriptor, CloseOnExec::kNo);
    case posix::ioctl::kSetNonBlocking: {
      const int32_t on = TRY(kernel::UserPointer<int32_t>(argument).Read());
      const uint32_t others = file->flags() & ~open_flag::kNonBlock;
      file->SetStatusFlags(on != 0 ? others | open_flag::kNonBlock : others);
      return 0;
    }
    default: {
      UserIoctlArgument structure(argument);
      return file->Ioctl(request, structure);
    }
  }
}

// As on Linux, nobody is told whether it worked.
posix::CallResult Sync() {
  static_cast<void>(process::TheSystem().environment().disk.Sync());
  return 0;
}

posix::CallResult Fsync(int descriptor) {
  const Ref<OpenFile> file = TRY(FileToUse(descriptor));
  if (!file->inode().IsSeekable()) return std::unexpected(Errno::kInvalid);
  TRY(file->inode().Sync());
  return 0;
}

}  // namespace syscall
