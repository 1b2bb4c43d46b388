// Of file_calls.h, what moves bytes.
#include <array>
#include <limits>
#include <optional>
#include <span>

#include "kernel/posix/signal.h"
#include "kernel/process/signals.h"
#include "kernel/syscall/file_access.h"
#include "kernel/syscall/file_calls.h"
#include "kernel/syscall/user_buffer.h"

namespace syscall {

using fs::OpenFile;
using fs::Ref;
using posix::Errno;

namespace {

posix::CallResult ReadInto(OpenFile& file, fs::Destination& destination) {
  return file.Read(destination);
}

posix::CallResult WriteAt(OpenFile& file, uint64_t offset, fs::Source& source) {
  const posix::Result<size_t> result = file.WriteAt(offset, source);
  if (!result && result.error() == Errno::kFileTooLarge) TellOfFileLimit();
  return result;
}

posix::CallResult WriteFrom(OpenFile& file, fs::Source& source) {
  const posix::Result<size_t> result = file.Write(source);
  if (!result && result.error() == Errno::kFileTooLarge) [[unlikely]]
    TellOfFileLimit();
  if (!result && result.error() == Errno::kBrokenPipe && file.IsPipe()) [[unlikely]] {
    constexpr auto kSignal = posix::Signal::kPipe;
    static_cast<void>(
        process::SendToThread(kernel::CurrentThread(), kSignal, process::InformationOf(kSignal)));
  }
  return result;
}

// A word pair's offset; nothing for a negative one.
std::optional<uint64_t> OffsetOf(uintptr_t low, uintptr_t high) {
  uint64_t offset = low;
  if constexpr (sizeof(uintptr_t) == sizeof(uint32_t)) offset |= uint64_t{high} << 32;
  if (static_cast<int64_t>(offset) < 0) return std::nullopt;
  return offset;
}

}  // namespace

posix::CallResult Read(int descriptor, uintptr_t buffer, size_t bytes) {
  const Ref<OpenFile> file = TRY(FileToRead(descriptor));
  TRY(CheckBuffer(buffer, bytes));
  UserDestination destination(buffer, bytes);
  return ReadInto(*file, destination);
}

posix::CallResult Write(int descriptor, uintptr_t buffer, size_t bytes) {
  const Ref<OpenFile> file = TRY(FileToWrite(descriptor));
  TRY(CheckBuffer(buffer, bytes));
  UserSource source(buffer, bytes);
  return WriteFrom(*file, source);
}

posix::CallResult Pread64(int descriptor, uintptr_t buffer, size_t bytes, int64_t offset) {
  const Ref<OpenFile> file = TRY(FileToRead(descriptor));
  if (offset < 0) return std::unexpected(Errno::kInvalid);
  TRY(CheckBuffer(buffer, bytes));
  UserDestination destination(buffer, bytes);
  return file->ReadAt(static_cast<uint64_t>(offset), destination);
}

posix::CallResult Pwrite64(int descriptor, uintptr_t buffer, size_t bytes, int64_t offset) {
  const Ref<OpenFile> file = TRY(FileToWrite(descriptor));
  if (offset < 0) return std::unexpected(Errno::kInvalid);
  TRY(CheckBuffer(buffer, bytes));
  UserSource source(buffer, bytes);
  return WriteAt(*file, static_cast<uint64_t>(offset), source);
}

posix::CallResult Readv(int descriptor, uintptr_t vector, size_t count) {
  const Ref<OpenFile> file = TRY(FileToRead(descriptor));
  UserVector pieces(TheServices().memory);
  TRY(pieces.Read(vector, count));
  UserVectorDestination destination(pieces);
  return ReadInto(*file, destination);
}

posix::CallResult Writev(int descriptor, uintptr_t vector, size_t count) {
  const Ref<OpenFile> file = TRY(FileToWrite(descriptor));
  UserVector pieces(TheServices().memory);
  TRY(pieces.Read(vector, count));
  UserVectorSource source(pieces);
  return WriteFrom(*file, source);
}

posix::CallResult Preadv(int descriptor, uintptr_t vector, size_t count, uintptr_t offset_low,
                         uintptr_t offset_high) {
  const Ref<OpenFile> file = TRY(FileToRead(descriptor));
  const std::optional<uint64_t> offset = OffsetOf(offset_low, offset_high);
  if (!offset) return std::unexpected(Errno::kInvalid);
  UserVector pieces(TheServices().memory);
  TRY(pieces.Read(vector, count));
  UserVectorDestination destination(pieces);
  return file->ReadAt(*offset, destination);
}

posix::CallResult Pwritev(int descriptor, uintptr_t vector, size_t count, uintptr_t offset_low,
                          uintptr_t offset_high) {
  const Ref<OpenFile> file = TRY(FileToWrite(descriptor));
  const std::optional<uint64_t> offset = OffsetOf(offset_low, offset_high);
  if (!offset) return std::unexpected(Errno::kInvalid);
  UserVector pieces(TheServices().memory);
  TRY(pieces.Read(vector, count));
  UserVectorSource source(pieces);
  return WriteAt(*file, *offset, source);
}

// --- sendfile
// -------------------------------------------------------------------------------------

namespace {

// From `in`, at `offset` or where it stands, to `out`; what `out` did not take counts as not read.
posix::Result<size_t> Send(OpenFile& out, OpenFile& in, std::optional<uint64_t> offset,
                           size_t bytes) {
  constexpr size_t kPiece = 512;
  std::array<std::byte, kPiece> piece;
  uint64_t at = offset ? *offset : TRY(in.Seek(0, posix::Whence::kCurrent));
  size_t done = 0;
  posix::Result<> state;
  while (done < bytes) {
    fs::KernelDestination destination(std::span(piece).first(std::min(kPiece, bytes - done)));
    const posix::Result<size_t> read = in.ReadAt(at, destination);
    if (!read) state = std::unexpected(read.error());
    if (!read || *read == 0) break;
    fs::KernelSource source(std::span(piece).first(*read), MostFileBytes());
    const posix::CallResult written = WriteFrom(out, source);
    if (!written) state = std::unexpected(written.error());
    if (!written) break;
    done += static_cast<size_t>(*written);
    at += static_cast<uint64_t>(*written);
    if (static_cast<size_t>(*written) < *read) break;
  }
  if (!offset) static_cast<void>(in.Seek(static_cast<int64_t>(at), posix::Whence::kSet));
  if (done == 0 && !state) return std::unexpected(state.error());
  return done;
}

template <class Offset>
posix::CallResult SendAt(int out, int in, kernel::UserPointer<Offset> offset, size_t bytes) {
  const Ref<OpenFile> from = TRY(FileToRead(in));
  const Ref<OpenFile> to = TRY(FileToWrite(out));
  if (!from->inode().IsSeekable()) return std::unexpected(Errno::kInvalid);
  if (offset.IsNull()) return Send(*to, *from, std::nullopt, TransferBytes(bytes));
  const Offset at = TRY(offset.Read());
  if (at < 0) return std::unexpected(Errno::kInvalid);
  const size_t sent = TRY(Send(*to, *from, static_cast<uint64_t>(at), TransferBytes(bytes)));
  TRY(offset.Write(static_cast<Offset>(at + static_cast<Offset>(sent))));
  return static_cast<intptr_t>(sent);
}

}  // namespace

posix::CallResult Sendfile(int out, int in, kernel::UserPointer<intptr_t> offset, size_t bytes) {
  return SendAt(out, in, offset, bytes);
}

posix::CallResult Sendfile64(int out, int in, kernel::UserPointer<int64_t> offset, size_t bytes) {
  return SendAt(out, in, offset, bytes);
}

}  // namespace syscall
