// Arguments and environment of a program, on their way from one address space to the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/mm/heap/kernel_heap.h"
#include "kernel/posix/errno.h"

namespace process {

// Texts with their zeroes, one behind the other: first the arguments, then the environment.
class ArgumentBlock {
 public:
  // Of all texts together; and of one. What the C libraries expect to be possible.
  static constexpr size_t kMostBytes = size_t{256} << 10;
  static constexpr size_t kMostTextBytes = size_t{128} << 10;

  explicit ArgumentBlock(mm::KernelHeap& heap) : heap_(heap) {}
  ~ArgumentBlock() { heap_.Free(bytes_); }
  ArgumentBlock(const ArgumentBlock&) = delete;
  ArgumentBlock& operator=(const ArgumentBlock&) = delete;

  // All arguments come before the first text of the environment. Errors: kArgumentsTooLong,
  // kOutOfMemory.
  [[nodiscard]] posix::Result<> AddArgument(std::string_view text);
  [[nodiscard]] posix::Result<> AddEnvironment(std::string_view text);

  // The texts that a null-terminated array of the program that runs points to; null is an empty
  // array. Errors: as above, kFault.
  [[nodiscard]] posix::Result<> ReadArguments(uintptr_t array) {
    return ReadArray(array, argument_count_);
  }
  [[nodiscard]] posix::Result<> ReadEnvironment(uintptr_t array) {
    TRY(ReadArray(array, environment_count_));
    return {};
  }

  // In place of the first argument, or before all if there is none. Errors: as AddArgument().
  [[nodiscard]] posix::Result<> ReplaceFirstArgument(std::span<const std::string_view> texts);

  [[nodiscard]] size_t argument_count() const { return argument_count_; }
  [[nodiscard]] size_t environment_count() const { return environment_count_; }
  [[nodiscard]] size_t argument_bytes() const { return argument_bytes_; }
  // Of arguments and environment.
  [[nodiscard]] std::span<const char> bytes() const { return {bytes_, used_}; }

 private:
  [[nodiscard]] posix::Result<> Reserve(size_t more);
  [[nodiscard]] posix::Result<> Add(std::string_view text);
  [[nodiscard]] posix::Result<> ReadText(uintptr_t pointer);
  [[nodiscard]] posix::Result<> ReadArray(uintptr_t array, size_t& count);

  mm::KernelHeap& heap_;
  char* bytes_ = nullptr;
  size_t used_ = 0;
  size_t capacity_ = 0;
  size_t argument_bytes_ = 0;
  size_t argument_count_ = 0;
  size_t environment_count_ = 0;
};

}  // namespace process
