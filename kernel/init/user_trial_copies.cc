#include "kernel/init/user_trial_copies.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "arch/ops/user_copy.h"
#include "kernel/mm/facts/address.h"
#include "kernel/space/user_range.h"

namespace kernel {
namespace {

constexpr size_t kBytes = 256;
using Buffer = std::array<std::byte, kBytes>;

constexpr Buffer MakePattern() {
  Buffer pattern{};
  for (size_t i = 0; i < kBytes; ++i) pattern[i] = static_cast<std::byte>(i ^ 0x5a);
  return pattern;
}
constexpr Buffer kPattern = MakePattern();

// `bytes` before the missing page.
mm::VirtAddr Before(const TrialSpace& space, uint64_t bytes) {
  return space.AddressOf(TrialPage::kMissing) - bytes;
}

bool WholeCopies(const TrialSpace& space, TrialRun&) {
  const mm::VirtAddr va = space.AddressOf(TrialPage::kOtherStack) + 3;
  for (size_t bytes = 0; bytes <= kBytes; ++bytes) {
    Buffer back{};
    if (arch::ZeroUser(va, kBytes) != 0) return false;
    if (arch::CopyToUser(va, kPattern.data(), bytes) != 0) return false;
    if (arch::CopyFromUser(back.data(), va, kBytes) != 0) return false;
    if (!std::equal(back.begin(), back.begin() + bytes, kPattern.begin())) return false;
    if (!std::all_of(back.begin() + bytes, back.end(),
                     [](std::byte b) { return b == std::byte{0}; })) {
      return false;
    }
  }
  return true;
}

// Whatever is there ends a copy at the very byte, wherever the kernel's bytes lie.
bool HalfValidCopies(const TrialSpace& space, TrialRun&) {
  constexpr size_t kMostBytes = 80;
  for (size_t bytes = 1; bytes <= kMostBytes; ++bytes) {
    for (size_t valid = 0; valid < bytes; ++valid) {
      const mm::VirtAddr va = Before(space, valid);
      const std::byte* const from = &kPattern[valid % sizeof(uint64_t)];
      Buffer back{};
      std::byte* const to = &back[(valid + bytes) % sizeof(uint64_t)];
      if (arch::ZeroUser(va, bytes) != bytes - valid) return false;
      if (arch::CopyFromUser(to, va, bytes) != bytes - valid || back != Buffer{}) return false;
      if (arch::CopyToUser(va, from, bytes) != bytes - valid) return false;
      if (arch::CopyFromUser(to, va, bytes) != bytes - valid) return false;
      if (!std::equal(to, to + valid, from)) return false;
      if (std::any_of(to + valid, back.end(), [](std::byte b) { return b != std::byte{0}; })) {
        return false;
      }
    }
  }
  return true;
}

bool WritesToCode(const TrialSpace& space, TrialRun&) {
  const mm::VirtAddr va = space.AddressOf(TrialPage::kCode);
  Buffer back{};
  return arch::CopyToUser(va, kPattern.data(), kBytes) == kBytes &&
         arch::ZeroUser(va, kBytes) == kBytes &&
         !arch::CompareExchangeUser32(va, *arch::LoadUser32(va), 0).has_value() &&
         arch::CopyFromUser(back.data(), va, kBytes) == 0;
}

// Where a layout has something at address 0, it is nothing that can be written.
bool NullPointers(const TrialSpace&, TrialRun&) {
  const uint32_t there = arch::LoadUser32({}).value_or(0);
  return arch::CopyToUser({}, kPattern.data(), kBytes) == kBytes &&
         arch::ZeroUser({}, kBytes) == kBytes &&
         !arch::CompareExchangeUser32({}, there, 0).has_value();
}

bool PointersThatAreNoUsers(const TrialSpace& space, TrialRun&) {
  constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();
  const mm::VirtAddr va = space.AddressOf(TrialPage::kStack);
  return IsUserRange({va, kBytes}) && !IsUserRange({mm::AddressOf(&kPattern), kBytes}) &&
         !IsUserRange({va, kAll}) && !IsUserRange({va, kAll - va.value + 2}) &&
         !IsUserRange({mm::VirtAddr{kAll - 7}, kBytes});
}

bool Strings(const TrialSpace& space, TrialRun&) {
  constexpr std::string_view kText = "atlas";
  const uint64_t size = kText.size();
  std::array<char, 16> room{};
  const auto copy = [&room](mm::VirtAddr va, size_t bytes) {
    room.fill('?');
    return arch::CopyStringFromUser(room.data(), va, bytes);
  };
  const mm::VirtAddr ended = Before(space, size + 1);
  if (arch::ZeroUser(ended, size + 1) != 0) return false;
  if (arch::CopyToUser(ended, kText.data(), size) != 0) return false;
  if (copy(ended, room.size()) != size || kText != room.data()) return false;
  if (copy(ended, size + 1) != size) return false;
  if (copy(ended, size) != size || room[size] != '?') return false;
  if (copy(ended, 0) != 0) return false;
  // Without an end before the missing page.
  const mm::VirtAddr endless = Before(space, size);
  if (arch::CopyToUser(endless, kText.data(), size) != 0) return false;
  return !copy(endless, room.size()).has_value() && copy(endless, size) == size;
}

bool Words(const TrialSpace& space, TrialRun&) {
  const mm::VirtAddr va = space.AddressOf(TrialPage::kOtherStack);
  const mm::VirtAddr missing = space.AddressOf(TrialPage::kMissing);
  constexpr uint32_t kOld = 0xffff'ffff;  // as a value it is no error
  constexpr uint32_t kNew = 7;
  if (arch::CopyToUser(va, &kOld, sizeof(kOld)) != 0) return false;
  return arch::LoadUser32(va) == kOld && arch::CompareExchangeUser32(va, kNew, 0) == kOld &&
         arch::CompareExchangeUser32(va, kOld, kNew) == kOld && arch::LoadUser32(va) == kNew &&
         !arch::LoadUser32(missing) && !arch::CompareExchangeUser32(missing, 0, 0);
}

bool AddedPage(const TrialSpace& space, TrialRun& run) {
  run.AddMissingPage();
  const mm::VirtAddr va = Before(space, kBytes / 2 + 3);
  Buffer back{};
  return arch::CopyToUser(va, kPattern.data(), kBytes) == 0 &&
         arch::CopyFromUser(back.data(), va, kBytes) == 0 && back == kPattern;
}

constexpr auto kTrials = std::to_array<CopyTrial>({
    {"copies of all lengths", WholeCopies},
    {"copies that are half in a missing page", HalfValidCopies},
    {"copies to its code", WritesToCode},
    {"copies to a null pointer", NullPointers},
    {"pointers to the kernel, and past the end", PointersThatAreNoUsers},
    {"copies of strings", Strings},
    {"words, and exchanges of words", Words},
    {"a copy whose fault is resolved", AddedPage},
});

}  // namespace

std::span<const CopyTrial> CopyTrials() { return kTrials; }

}  // namespace kernel
