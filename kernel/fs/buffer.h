// Where a file's bytes go to and come from: memory of a program, of the kernel, or of a test. A
// file copies straight between its own memory and these; there is no buffer between them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

#include "kernel/posix/errno.h"

namespace fs {

// What a read fills, from its first byte on.
class Destination {
 public:
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;

  // Room that is not filled yet.
  [[nodiscard]] size_t left() const { return left_; }
  [[nodiscard]] size_t moved() const { return moved_; }

  // Copies as many bytes as there is room for. Returns how many were copied: fewer than
  // bytes.size() and left() allow means that the memory behind is not there (kFault).
  [[nodiscard]] size_t Put(std::span<const std::byte> bytes) {
    return Moved(CopyOut(bytes.first(std::min(bytes.size(), left_))));
  }
  // The same with `count` zeroes.
  [[nodiscard]] size_t PutZeroes(size_t count) { return Moved(ZeroOut(std::min(count, left_))); }

 protected:
  explicit Destination(size_t bytes) : left_(bytes) {}
  ~Destination() = default;

  // Writes from moved() on; returns how many bytes.
  virtual size_t CopyOut(std::span<const std::byte> bytes) = 0;
  virtual size_t ZeroOut(size_t count) = 0;

 private:
  size_t Moved(size_t count) {
    left_ -= count;
    moved_ += count;
    return count;
  }

  size_t left_;
  size_t moved_ = 0;
};

// What a write takes, from its first byte on.
class Source {
 public:
  static constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // Bytes that are not taken yet.
  [[nodiscard]] size_t left() const { return left_; }
  [[nodiscard]] size_t moved() const { return moved_; }

  // How long who writes may make a file.
  [[nodiscard]] virtual uint64_t MostFileBytes() const { return kNoLimit; }
  // No more than so many of what is left will be taken.
  void CutTo(uint64_t bytes) { left_ = static_cast<size_t>(std::min<uint64_t>(left_, bytes)); }

  // Copies as many bytes as are left. Returns how many were copied: fewer than bytes.size() and
  // left() allow means that the memory behind is not there (kFault).
  [[nodiscard]] size_t Take(std::span<std::byte> bytes) {
    const size_t count = CopyIn(bytes.first(std::min(bytes.size(), left_)));
    left_ -= count;
    moved_ += count;
    return count;
  }

 protected:
  explicit Source(size_t bytes) : left_(bytes) {}
  ~Source() = default;

  // Reads from moved() on; returns how many bytes.
  virtual size_t CopyIn(std::span<std::byte> bytes) = 0;

 private:
  size_t left_;
  size_t moved_ = 0;
};

// What a call returns that moved `count` bytes and then found memory that is not there: what was
// moved counts, and only a call that moved nothing fails.
[[nodiscard]] inline posix::Result<size_t> MovedOrFault(size_t count) {
  if (count == 0) return std::unexpected(posix::Errno::kFault);
  return count;
}

// Memory of the kernel itself.
class KernelDestination final : public Destination {
 public:
  explicit KernelDestination(std::span<std::byte> bytes)
      : Destination(bytes.size()), bytes_(bytes) {}

 private:
  size_t CopyOut(std::span<const std::byte> bytes) override {
    if (!bytes.empty()) std::memcpy(bytes_.data() + moved(), bytes.data(), bytes.size());
    return bytes.size();
  }
  size_t ZeroOut(size_t count) override {
    if (count > 0) std::memset(bytes_.data() + moved(), 0, count);
    return count;
  }

  std::span<std::byte> bytes_;
};

class KernelSource final : public Source {
 public:
  explicit KernelSource(std::span<const std::byte> bytes, uint64_t most_file_bytes = kNoLimit)
      : Source(bytes.size()), bytes_(bytes), most_file_bytes_(most_file_bytes) {}

  [[nodiscard]] uint64_t MostFileBytes() const override { return most_file_bytes_; }

 private:
  size_t CopyIn(std::span<std::byte> bytes) override {
    if (!bytes.empty()) std::memcpy(bytes.data(), bytes_.data() + moved(), bytes.size());
    return bytes.size();
  }

  std::span<const std::byte> bytes_;
  uint64_t most_file_bytes_;
};

}  // namespace fs
