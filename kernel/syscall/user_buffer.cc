#include "kernel/syscall/user_buffer.h"

#include "arch/ops/user_copy.h"
#include "kernel/base/result.h"
#include "kernel/space/user_range.h"

namespace syscall {

using posix::Errno;

size_t CopyOutTo(mm::VirtAddr to, std::span<const std::byte> bytes) {
  if (!kernel::IsUserRange({to, bytes.size()})) return 0;
  return bytes.size() - arch::CopyToUser(to, bytes.data(), bytes.size());
}

size_t ZeroOutTo(mm::VirtAddr to, size_t count) {
  if (!kernel::IsUserRange({to, count})) return 0;
  return count - arch::ZeroUser(to, count);
}

size_t CopyInFrom(std::span<std::byte> bytes, mm::VirtAddr from) {
  if (!kernel::IsUserRange({from, bytes.size()})) return 0;
  return bytes.size() - arch::CopyFromUser(bytes.data(), from, bytes.size());
}

UserVector::~UserVector() {
  if (pieces_ != few_) memory_.Free(pieces_);
}

posix::Result<> UserVector::Read(uintptr_t vector, size_t count) {
  if (count > posix::kIoVectorMax) return std::unexpected(Errno::kInvalid);
  if (count > kFew) {
    const base::Result<void*> block = memory_.Allocate(count * sizeof(IoVector));
    if (!block) return std::unexpected(Errno::kOutOfMemory);
    pieces_ = static_cast<IoVector*>(*block);
  }
  const std::span pieces(pieces_, count);
  TRY(kernel::UserPointer<IoVector>(vector).ReadMany(pieces));
  for (IoVector& piece : pieces) {
    if (static_cast<intptr_t>(piece.bytes) < 0) return std::unexpected(Errno::kInvalid);
    TRY(CheckBuffer(piece.base, piece.bytes));
    piece.bytes = std::min(piece.bytes, posix::kTransferMax - bytes_);
    bytes_ += piece.bytes;
  }
  return {};
}

size_t UserVectorDestination::CopyOut(std::span<const std::byte> bytes) {
  return vector_.Walk(bytes.size(), [&](mm::VirtAddr to, size_t done, size_t count) {
    return CopyOutTo(to, bytes.subspan(done, count));
  });
}

size_t UserVectorDestination::ZeroOut(size_t count) {
  return vector_.Walk(count,
                      [](mm::VirtAddr to, size_t, size_t wanted) { return ZeroOutTo(to, wanted); });
}

size_t UserVectorSource::CopyIn(std::span<std::byte> bytes) {
  return vector_.Walk(bytes.size(), [&](mm::VirtAddr from, size_t done, size_t count) {
    return CopyInFrom(bytes.subspan(done, count), from);
  });
}

}  // namespace syscall
