// Archives for tests, in memory.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/fs/cpio.h"

namespace fs {

// Bytes that lie in the memory of the kernel.
class SpanArchive final : public ArchiveBytes {
 public:
  explicit SpanArchive(std::span<const std::byte> bytes) : bytes_(bytes) {}

  [[nodiscard]] uint64_t size_bytes() const override { return bytes_.size(); }
  void Read(uint64_t offset, std::span<std::byte> bytes) const override {
    CHECK(offset <= bytes_.size() && bytes.size() <= bytes_.size() - offset);
    std::ranges::copy(bytes_.subspan(static_cast<size_t>(offset), bytes.size()), bytes.begin());
  }

 private:
  std::span<const std::byte> bytes_;
};

// Writes newc entries one behind the other.
class CpioWriter {
 public:
  struct Entry {
    std::string_view name;
    uint32_t mode = 0100644;
    std::string_view data{};
    uint32_t links = 1;
    uint32_t inode = 0;
  };

  void Add(const Entry& entry) {
    Put("070701");
    const std::array<uint32_t, 13> numbers = {entry.inode,
                                              entry.mode,
                                              0,
                                              0,
                                              entry.links,
                                              77,
                                              static_cast<uint32_t>(entry.data.size()),
                                              0,
                                              0,
                                              1,
                                              3,
                                              static_cast<uint32_t>(entry.name.size() + 1),
                                              0};
    for (const uint32_t number : numbers) PutNumber(number);
    Put(entry.name);
    Put(std::string_view("\0", 1));
    Pad();
    Put(entry.data);
    Pad();
  }
  void End() { Add({.name = "TRAILER!!!", .mode = 0}); }

  void Put(std::string_view text) {
    CHECK(text.size() <= bytes_.size() - size_);
    std::ranges::copy(std::as_bytes(std::span(text)),
                      bytes_.begin() + static_cast<ptrdiff_t>(size_));
    size_ += text.size();
  }
  [[nodiscard]] std::span<std::byte> bytes() { return std::span(bytes_).first(size_); }

 private:
  void PutNumber(uint32_t number) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (int shift = 28; shift >= 0; shift -= 4) Put(kDigits.substr(number >> shift & 15, 1));
  }
  void Pad() {
    while (size_ % 4 != 0) Put(std::string_view("\0", 1));
  }

  std::array<std::byte, 12000> bytes_{};
  size_t size_ = 0;
};

}  // namespace fs
