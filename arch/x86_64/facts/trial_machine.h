// The page tables of x86_64 as a machine for kernel/mm/tables/page_table_trial.h.
#pragma once

#include <cstdint>
#include <optional>

#include "arch/x86_64/facts/manual_walk.h"
#include "arch/x86_64/facts/paging_policy.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/paging_policy.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/page_table_fake_memory.h"

namespace arch::x86_64 {

inline constexpr mm::PageAttributes kPool[] = {
    {mm::Access::kNone, mm::Access::kRead, mm::Caching::kNormal, mm::Scope::kGlobal},
    {mm::Access::kNone, mm::Access::kReadWrite, mm::Caching::kNormal, mm::Scope::kGlobal},
    {mm::Access::kNone, mm::Access::kReadExecute, mm::Caching::kNormal, mm::Scope::kGlobal},
    {mm::Access::kNone, mm::Access::kReadWrite, mm::Caching::kDevice, mm::Scope::kGlobal},
    {mm::Access::kNone, mm::Access::kReadWrite, mm::Caching::kNormal, mm::Scope::kProcess},
    {mm::Access::kRead, mm::Access::kRead, mm::Caching::kNormal, mm::Scope::kProcess},
    {mm::Access::kReadWrite, mm::Access::kReadWrite, mm::Caching::kNormal, mm::Scope::kProcess},
    {mm::Access::kReadExecute, mm::Access::kRead, mm::Caching::kNormal, mm::Scope::kProcess},
    {mm::Access::kReadWrite, mm::Access::kReadWrite, mm::Caching::kNormal, mm::Scope::kGlobal},
};

template <int levels, GigabytePages gigabyte_pages>
struct TrialMachine {
  using Policy = PagingPolicy;
  static constexpr mm::RootShape kRoot =
      levels == 5 ? PagingPolicy::kFiveLevelRoot : PagingPolicy::kFourLevelRoot;
  static constexpr PagingPolicy::Features kFeatures{gigabyte_pages};
  // Both ends of both halves, and the middle of one. Windows of 8 GiB.
  static constexpr uint64_t kHalf = uint64_t{1} << (levels == 5 ? 56 : 47);
  static constexpr uint64_t kSize = uint64_t{8} << 30;
  static constexpr mm::VirtRange kWindows[] = {{{0}, kSize},
                                               {{kHalf - kSize}, kSize},
                                               {{kHalf / 2}, kSize},
                                               {{~kHalf + 1}, kSize},
                                               {{~kSize + 1}, kSize}};
  static constexpr bool kSizesMayMix = true;
  static constexpr const auto& kAttributes = kPool;
  // Without A, and without 62:52 and 11:8, which are ignored (SDM vol. 3A tables 4-15 to 4-19).
  static constexpr uint64_t kTableBits = 0x800F'FFFF'FFFF'F0DF;
  static constexpr uint64_t kSharedBytes = mm::kPageSize;
  static constexpr bool MayShare(const mm::PageAttributes&, const mm::PageAttributes&) {
    return true;
  }

  static std::optional<mm::Translation> Walk(const mm::FakeTableMemory& memory, mm::PhysAddr root,
                                             mm::VirtAddr va) {
    return WalkAsManual(memory, root.value, levels, va.value);
  }
};

}  // namespace arch::x86_64
