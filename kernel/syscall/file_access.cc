#include "kernel/syscall/file_access.h"

#include "kernel/base/result.h"
#include "kernel/posix/signal.h"
#include "kernel/process/signals.h"
#include "kernel/space/user_pointer.h"

namespace syscall {

using fs::Ref;
using posix::Errno;

posix::Result<Ref<fs::OpenFile>> FileToRead(int descriptor) {
  fs::OpenFile* const file = Files().Find(descriptor);
  if (file == nullptr || !file->IsReadable()) return std::unexpected(Errno::kBadDescriptor);
  return Ref(file);
}

posix::Result<Ref<fs::OpenFile>> FileToWrite(int descriptor) {
  fs::OpenFile* const file = Files().Find(descriptor);
  if (file == nullptr || !file->IsWritable()) return std::unexpected(Errno::kBadDescriptor);
  return Ref(file);
}

posix::Result<Ref<fs::OpenFile>> FileToUse(int descriptor) {
  fs::OpenFile* const file = Files().Find(descriptor);
  const bool is_usable = file != nullptr && (file->flags() & posix::open_flag::kPath) == 0;
  if (!is_usable) return std::unexpected(Errno::kBadDescriptor);
  return Ref(file);
}

void TellOfFileLimit() {
  constexpr auto kSignal = posix::Signal::kFileSizeLimit;
  const process::Process& process = kernel::CurrentProcess();
  if (process.limits[posix::Resource::kFileBytes].soft == posix::kUnlimited) return;
  static_cast<void>(
      process::SendToThread(kernel::CurrentThread(), kSignal, process::InformationOf(kSignal)));
}

UserPath::~UserPath() { TheServices().memory.Free(long_); }

posix::Result<> UserPath::Read(uintptr_t path) {
  const posix::Result<size_t> length = kernel::ReadUserString(short_, {path});
  if (length) {
    text_ = {short_.data(), *length};
    return {};
  }
  if (length.error() != Errno::kNameTooLong) return std::unexpected(length.error());
  const base::Result<void*> block = TheServices().memory.Allocate(posix::kPathMax);
  if (!block) return std::unexpected(Errno::kOutOfMemory);
  long_ = static_cast<char*>(*block);
  text_ = {long_, TRY(kernel::ReadUserString(std::span(long_, posix::kPathMax), {path}))};
  return {};
}

posix::Result<> PlaceAt::Read(int directory, uintptr_t path) {
  TRY(path_.Read(path));
  if (path_.text().starts_with('/')) {
    start_ = Ref(&Names().root());
  } else if (directory == posix::kAtWorkingDirectory) {
    start_ = Ref(&Place().directory());
  } else {
    start_ = Ref(&TRY(FileOf(directory))->inode());
    // A file that is no directory is all right for an empty path.
    if (!path_.text().empty() && !start_->IsDirectory()) {
      return std::unexpected(Errno::kNotDirectory);
    }
  }
  return {};
}

posix::Result<Ref<fs::Inode>> PlaceAt::Find(uint32_t flags) const {
  if (path().empty() && (flags & posix::kAtEmptyPath) != 0) return start_;
  const bool keeps = (flags & posix::kAtSymlinkNoFollow) != 0;
  return Names().Find(start(), path(), keeps ? fs::FinalLink::kKeep : fs::FinalLink::kFollow);
}

}  // namespace syscall
