// The page tables of ARMv7-A as a machine for kernel/mm/tables/page_table_trial.h.
#pragma once

#include <cstdint>
#include <optional>

#include "arch/arm/facts/manual_walk.h"
#include "arch/arm/facts/paging_policy.h"
#include "gtest/gtest.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/paging_policy.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/page_table_fake_memory.h"

namespace arch::arm {

inline constexpr mm::PageAttributes kPool[] = {
    {mm::Access::kNone, mm::Access::kRead, mm::Caching::kNormal, mm::Scope::kGlobal},
    {mm::Access::kNone, mm::Access::kReadWrite, mm::Caching::kNormal, mm::Scope::kGlobal},
    {mm::Access::kNone, mm::Access::kReadExecute, mm::Caching::kNormal, mm::Scope::kGlobal},
    {mm::Access::kNone, mm::Access::kReadWrite, mm::Caching::kDevice, mm::Scope::kGlobal},
    {mm::Access::kNone, mm::Access::kReadWrite, mm::Caching::kNormal, mm::Scope::kProcess},
    {mm::Access::kRead, mm::Access::kRead, mm::Caching::kNormal, mm::Scope::kProcess},
    {mm::Access::kRead, mm::Access::kReadWrite, mm::Caching::kNormal, mm::Scope::kProcess},
    {mm::Access::kReadWrite, mm::Access::kReadWrite, mm::Caching::kNormal, mm::Scope::kProcess},
    {mm::Access::kReadExecute, mm::Access::kRead, mm::Caching::kNormal, mm::Scope::kProcess},
    {mm::Access::kReadExecute, mm::Access::kReadExecute, mm::Caching::kNormal, mm::Scope::kProcess},
    {mm::Access::kReadWrite, mm::Access::kReadWrite, mm::Caching::kNormal, mm::Scope::kGlobal},
};

// `n` is TTBCR.N.
template <unsigned n>
struct TrialMachine {
  using Policy = PagingPolicy;
  static constexpr mm::RootShape kRoot = PagingPolicy::Root(n);
  static constexpr PagingPolicy::Features kFeatures{};
  // Both ends and the middle of what the table translates.
  static constexpr uint64_t kLimit = uint64_t{1} << (32 - n);
  static constexpr uint64_t kSize = 8 << 20;
  static constexpr mm::VirtRange kWindows[] = {
      {{0}, kSize}, {{kLimit / 2 - kSize / 2}, kSize}, {{kLimit - kSize}, kSize}};
  static constexpr bool kSizesMayMix = false;
  static constexpr const auto& kAttributes = kPool;
  static constexpr uint64_t kTableBits = 0xFFFF'FFFF;
  // Small pages of one MiB have PXN and the domain from one descriptor (B3.5.1).
  static constexpr uint64_t kSharedBytes = 1 << 20;
  static constexpr bool MayShare(const mm::PageAttributes& one, const mm::PageAttributes& other) {
    if (IsOfProcess(one) != IsOfProcess(other)) return false;
    return NeededPxn(one) == Pxn::kAny || NeededPxn(other) == Pxn::kAny ||
           NeededPxn(one) == NeededPxn(other);
  }

  static std::optional<mm::Translation> Walk(const mm::FakeTableMemory& memory, mm::PhysAddr root,
                                             mm::VirtAddr va) {
    const bool open_to_kernel =
        WalkAsManual(memory, root.value, n, PagingPolicy::kUserClosed, va.value).has_value();
    (void)memory.TakeReadWords();  // those of one walk count
    const std::optional<mm::Translation> found =
        WalkAsManual(memory, root.value, n, PagingPolicy::kUserOpen, va.value);
    EXPECT_EQ(open_to_kernel, found && !IsOfProcess(found->attributes)) << va.value;
    return found;
  }

 private:
  static constexpr bool IsOfProcess(const mm::PageAttributes& attributes) {
    return attributes.user != mm::Access::kNone && attributes.scope != mm::Scope::kGlobal;
  }

  enum class Pxn : uint8_t { kAny, kClear, kSet };
  static constexpr Pxn NeededPxn(const mm::PageAttributes& attributes) {
    if (mm::Has(attributes.kernel, mm::Access::kExecute)) return Pxn::kClear;
    return mm::Has(attributes.user, mm::Access::kExecute) ? Pxn::kSet : Pxn::kAny;
  }
};

}  // namespace arch::arm
