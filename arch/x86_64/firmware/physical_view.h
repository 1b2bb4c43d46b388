// A bounds-checked look at physical memory, for reading what firmware left there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

#include "kernel/mm/facts/address.h"

namespace arch::x86_64 {

// `bytes` shows the physical memory that starts at `base`. Firmware aligns nothing reliably, so
// values are copied out rather than pointed at.
class PhysicalView {
 public:
  constexpr PhysicalView(std::span<const std::byte> bytes, mm::PhysAddr base)
      : bytes_(bytes), base_(base) {}

  // The bytes from `pa`; nothing if any of them lies outside the view.
  [[nodiscard]] constexpr std::optional<std::span<const std::byte>> Find(
      mm::PhysAddr pa, uint64_t size_bytes) const {
    if (pa.value < base_.value) return std::nullopt;
    const uint64_t offset = pa.value - base_.value;
    if (offset > bytes_.size() || size_bytes > bytes_.size() - offset) return std::nullopt;
    return bytes_.subspan(static_cast<size_t>(offset), static_cast<size_t>(size_bytes));
  }

  // The bytes from `pa` to the end of the view; empty if `pa` is outside.
  [[nodiscard]] constexpr std::span<const std::byte> From(mm::PhysAddr pa) const {
    if (pa.value < base_.value || pa.value - base_.value >= bytes_.size()) return {};
    return bytes_.subspan(static_cast<size_t>(pa.value - base_.value));
  }

  // A copy of the T at `pa`; nothing if it is not wholly inside the view.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  [[nodiscard]] std::optional<T> Read(mm::PhysAddr pa) const {
    const auto source = Find(pa, sizeof(T));
    if (!source) return std::nullopt;
    T value;
    std::memcpy(&value, source->data(), sizeof(T));
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  mm::PhysAddr base_;
};

}  // namespace arch::x86_64
