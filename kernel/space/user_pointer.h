// A pointer that a program passed: hostile until it has been read or written. Every access checks
// the range against the layout, then copies with a fixup: a page that is not there, and cannot be
// made to be, is an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "arch/ops/user_copy.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/posix/errno.h"
#include "kernel/space/user_range.h"

namespace kernel {

// Copies between the kernel and `range` of the program that runs; both are equally long. Error:
// kFault, when part of it is not there; what comes before may have been copied.
[[nodiscard]] inline posix::Result<> ReadUser(std::span<std::byte> to, mm::VirtAddr from) {
  if (!IsUserRange({from, to.size()}) || arch::CopyFromUser(to.data(), from, to.size()) != 0) {
    return std::unexpected(posix::Errno::kFault);
  }
  return {};
}
[[nodiscard]] inline posix::Result<> WriteUser(mm::VirtAddr to, std::span<const std::byte> from) {
  if (!IsUserRange({to, from.size()}) || arch::CopyToUser(to, from.data(), from.size()) != 0) {
    return std::unexpected(posix::Errno::kFault);
  }
  return {};
}

// The text at `from` with its final 0. The result is its length without that. Errors: kFault;
// kNameTooLong, when it does not fit into `to`.
[[nodiscard]] posix::Result<size_t> ReadUserString(std::span<char> to, mm::VirtAddr from);

// Points to a T in the program's memory, aligned or not.
template <class T>
class UserPointer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  constexpr UserPointer() = default;
  // As it came in a register.
  constexpr explicit UserPointer(uintptr_t value) : value_(value) {}

  [[nodiscard]] constexpr bool IsNull() const { return value_ == 0; }
  [[nodiscard]] constexpr uintptr_t value() const { return value_; }
  [[nodiscard]] constexpr mm::VirtAddr va() const { return {value_}; }

  // Error: kFault, as below.
  [[nodiscard]] posix::Result<T> Read() const {
    T value;
    TRY(ReadUser(std::as_writable_bytes(std::span(&value, 1)), va()));
    return value;
  }
  // Only what has no padding: it would show the program what the kernel's stack held.
  [[nodiscard]] posix::Result<> Write(const T& value) const
    requires(std::has_unique_object_representations_v<T>)
  {
    return WriteUser(va(), std::as_bytes(std::span(&value, 1)));
  }

  [[nodiscard]] posix::Result<> ReadMany(std::span<T> values) const {
    return ReadUser(std::as_writable_bytes(values), va());
  }
  [[nodiscard]] posix::Result<> WriteMany(std::span<const T> values) const
    requires(std::has_unique_object_representations_v<T>)
  {
    return WriteUser(va(), std::as_bytes(values));
  }

  // The element so many further on; beyond the top of the space it begins at the bottom, where
  // nothing is.
  [[nodiscard]] constexpr UserPointer At(size_t index) const {
    return UserPointer(value_ + index * sizeof(T));
  }

 private:
  uintptr_t value_ = 0;
};

}  // namespace kernel
