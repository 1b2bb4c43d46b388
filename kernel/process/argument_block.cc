#include "kernel/process/argument_block.h"

#include <algorithm>
#include <cstring>

#include "kernel/base/check.h"
#include "kernel/space/user_pointer.h"

namespace process {
namespace {

constexpr auto kTooLong = std::unexpected(posix::Errno::kArgumentsTooLong);

}  // namespace

posix::Result<> ArgumentBlock::Reserve(size_t more) {
  if (more > kMostBytes - used_) return kTooLong;
  if (used_ + more <= capacity_) return {};
  constexpr size_t kFirstBytes = 1024;
  const size_t capacity =
      std::min(kMostBytes, std::max({kFirstBytes, 2 * capacity_, used_ + more}));
  const auto block = heap_.Reallocate(bytes_, capacity);
  if (!block) return std::unexpected(posix::Errno::kOutOfMemory);
  bytes_ = static_cast<char*>(*block);
  capacity_ = capacity;
  return {};
}

posix::Result<> ArgumentBlock::Add(std::string_view text) {
  TRY(Reserve(text.size() + 1));
  std::ranges::copy(text, bytes_ + used_);
  used_ += text.size();
  bytes_[used_++] = '\0';
  return {};
}

posix::Result<> ArgumentBlock::AddArgument(std::string_view text) {
  CHECK(environment_count_ == 0);
  TRY(Add(text));
  ++argument_count_;
  argument_bytes_ = used_;
  return {};
}

posix::Result<> ArgumentBlock::AddEnvironment(std::string_view text) {
  TRY(Add(text));
  ++environment_count_;
  return {};
}

// Straight to its place, with more room whenever it does not end in what there is.
posix::Result<> ArgumentBlock::ReadText(uintptr_t pointer) {
  size_t room = 64;  // for most
  while (true) {
    TRY(Reserve(room));
    room = std::min(capacity_ - used_, kMostTextBytes);
    const auto length = kernel::ReadUserString({bytes_ + used_, room}, {pointer});
    if (length) {
      used_ += *length + 1;
      return {};
    }
    if (length.error() != posix::Errno::kNameTooLong) return std::unexpected(length.error());
    if (room == kMostTextBytes) return kTooLong;
    room = std::min(2 * room, kMostTextBytes);
    if (room > kMostBytes - used_) return kTooLong;
  }
}

posix::Result<> ArgumentBlock::ReadArray(uintptr_t array, size_t& count) {
  if (array == 0) return {};
  const kernel::UserPointer<uintptr_t> pointers(array);
  for (size_t index = 0;; ++index) {
    // Even empty texts come to an end.
    if (index >= kMostBytes) return kTooLong;
    const uintptr_t pointer = TRY(pointers.At(index).Read());
    if (pointer == 0) break;
    TRY(ReadText(pointer));
    ++count;
    if (&count == &argument_count_) argument_bytes_ = used_;
  }
  return {};
}

posix::Result<> ArgumentBlock::ReplaceFirstArgument(std::span<const std::string_view> texts) {
  size_t added = 0;
  for (const std::string_view text : texts) added += text.size() + 1;
  const size_t dropped = argument_count_ == 0 ? 0 : std::strlen(bytes_) + 1;
  TRY(Reserve(added));
  std::memmove(bytes_ + added, bytes_ + dropped, used_ - dropped);
  char* place = bytes_;
  for (const std::string_view text : texts) {
    place = std::ranges::copy(text, place).out;
    *place++ = '\0';
  }
  used_ = used_ - dropped + added;
  argument_bytes_ = argument_bytes_ - dropped + added;
  argument_count_ += texts.size() - (dropped == 0 ? 0 : 1);
  return {};
}

}  // namespace process
