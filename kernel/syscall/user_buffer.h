// A program's memory as the destination and source of file contents.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/fs/buffer.h"
#include "kernel/fs/object.h"
#include "kernel/fs/open_file.h"
#include "kernel/mm/facts/address.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/file.h"
#include "kernel/posix/resource.h"
#include "kernel/process/current.h"
#include "kernel/space/user_pointer.h"
#include "kernel/space/user_range.h"

namespace syscall {

// struct iovec.
struct IoVector {
  uintptr_t base;
  size_t bytes;
};
static_assert(sizeof(IoVector) == 2 * sizeof(uintptr_t));

// RLIMIT_FSIZE.
[[nodiscard]] inline uint64_t MostFileBytes() {
  static_assert(posix::kUnlimited == fs::Source::kNoLimit);
  return kernel::CurrentProcess().limits[posix::Resource::kFileBytes].soft;
}

// Bytes that a call moves at most: the rest is left to another one.
[[nodiscard]] constexpr size_t TransferBytes(size_t bytes) {
  return std::min(bytes, posix::kTransferMax);
}

// That a program may name all of it: a buffer that wraps is refused before anything is moved.
// Error: kFault.
[[nodiscard]] inline posix::Result<> CheckBuffer(uintptr_t base, size_t bytes) {
  if (!kernel::IsUserRange({mm::VirtAddr{base}, bytes}))
    return std::unexpected(posix::Errno::kFault);
  return {};
}

// Copies as far as the program's memory is there; returns how many bytes.
size_t CopyOutTo(mm::VirtAddr to, std::span<const std::byte> bytes);
size_t ZeroOutTo(mm::VirtAddr to, size_t count);
size_t CopyInFrom(std::span<std::byte> bytes, mm::VirtAddr from);

class UserDestination final : public fs::Destination {
 public:
  UserDestination(uintptr_t base, size_t bytes)
      : fs::Destination(TransferBytes(bytes)), base_(base) {}

 private:
  size_t CopyOut(std::span<const std::byte> bytes) override {
    return CopyOutTo({base_ + moved()}, bytes);
  }
  size_t ZeroOut(size_t count) override { return ZeroOutTo({base_ + moved()}, count); }

  uintptr_t base_;
};

class UserSource final : public fs::Source {
 public:
  UserSource(uintptr_t base, size_t bytes) : fs::Source(TransferBytes(bytes)), base_(base) {}

  [[nodiscard]] uint64_t MostFileBytes() const override { return syscall::MostFileBytes(); }

 private:
  size_t CopyIn(std::span<std::byte> bytes) override {
    return CopyInFrom(bytes, {base_ + moved()});
  }

  uintptr_t base_;
};

// The vector of readv() and its like, in the kernel's memory.
class UserVector {
 public:
  explicit UserVector(fs::Memory& memory) : memory_(memory) {}
  UserVector(const UserVector&) = delete;
  UserVector& operator=(const UserVector&) = delete;
  ~UserVector();

  // Called once. Errors: kInvalid (too many pieces, or too many bytes), kFault, kOutOfMemory.
  [[nodiscard]] posix::Result<> Read(uintptr_t vector, size_t count);

  // Calls `copy(piece's address, bytes done, piece's bytes)` along the pieces, `count` bytes from
  // where the last walk ended; ends when a copy falls short. Returns the bytes done.
  template <class Copy>
  size_t Walk(size_t count, Copy copy) {
    size_t done = 0;
    while (done < count) {
      const IoVector& piece = pieces_[at_];
      const size_t wanted = std::min(count - done, piece.bytes - offset_);
      const size_t moved = copy(mm::VirtAddr{piece.base + offset_}, done, wanted);
      done += moved;
      offset_ += moved;
      if (moved < wanted) break;
      if (offset_ == piece.bytes) {
        ++at_;
        offset_ = 0;
      }
    }
    return done;
  }

  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kFew = 8;

  fs::Memory& memory_;
  IoVector few_[kFew];
  IoVector* pieces_ = few_;
  size_t bytes_ = 0;
  size_t at_ = 0;
  size_t offset_ = 0;  // in the piece
};

class UserVectorDestination final : public fs::Destination {
 public:
  explicit UserVectorDestination(UserVector& vector)
      : fs::Destination(vector.bytes()), vector_(vector) {}

 private:
  size_t CopyOut(std::span<const std::byte> bytes) override;
  size_t ZeroOut(size_t count) override;

  UserVector& vector_;
};

class UserVectorSource final : public fs::Source {
 public:
  explicit UserVectorSource(UserVector& vector) : fs::Source(vector.bytes()), vector_(vector) {}

  [[nodiscard]] uint64_t MostFileBytes() const override { return syscall::MostFileBytes(); }

 private:
  size_t CopyIn(std::span<std::byte> bytes) override;

  UserVector& vector_;
};

class UserIoctlArgument final : public fs::IoctlArgument {
 public:
  explicit UserIoctlArgument(uintptr_t value) : fs::IoctlArgument(value) {}

  posix::Result<> Read(std::span<std::byte> structure) override {
    return kernel::ReadUser(structure, {value()});
  }
  posix::Result<> Write(std::span<const std::byte> structure) override {
    return kernel::WriteUser({value()}, structure);
  }
};

}  // namespace syscall
