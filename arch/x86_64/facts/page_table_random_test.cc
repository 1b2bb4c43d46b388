// Page tables of x86_64 under random operations; see kernel/mm/page_table_random.h.
#include <cstdint>
#include <optional>

#include "arch/x86_64/facts/manual_walk.h"
#include "arch/x86_64/facts/paging_policy.h"
#include "gtest/gtest.h"
#include "kernel/mm/page_table_random.h"

namespace arch::x86_64 {
namespace {

using mm::Access;
using mm::Caching;
using mm::PageAttributes;
using mm::Scope;

constexpr PageAttributes kPool[] = {
    {Access::kNone, Access::kRead, Caching::kNormal, Scope::kGlobal},
    {Access::kNone, Access::kReadWrite, Caching::kNormal, Scope::kGlobal},
    {Access::kNone, Access::kReadExecute, Caching::kNormal, Scope::kGlobal},
    {Access::kNone, Access::kReadWrite, Caching::kDevice, Scope::kGlobal},
    {Access::kNone, Access::kReadWrite, Caching::kNormal, Scope::kProcess},
    {Access::kRead, Access::kRead, Caching::kNormal, Scope::kProcess},
    {Access::kReadWrite, Access::kReadWrite, Caching::kNormal, Scope::kProcess},
    {Access::kReadExecute, Access::kRead, Caching::kNormal, Scope::kProcess},
    {Access::kReadWrite, Access::kReadWrite, Caching::kNormal, Scope::kGlobal},
};

template <int levels, GigabytePages gigabyte_pages>
struct Machine {
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
  static constexpr const auto& kAttributes = kPool;

  static std::optional<mm::Translation> Walk(const mm::FakeTableMemory& memory, mm::PhysAddr root,
                                             mm::VirtAddr va) {
    return WalkAsManual(memory, root.value, levels, va.value);
  }
};

constexpr int kSteps = 1500;

TEST(X86PageTableRandom, FourLevels) {
  mm::RandomPageTableTest<Machine<4, GigabytePages::kYes>>(mm::RandomTestSeed()).Run(kSteps);
}

TEST(X86PageTableRandom, FiveLevels) {
  mm::RandomPageTableTest<Machine<5, GigabytePages::kYes>>(mm::RandomTestSeed()).Run(kSteps);
}

TEST(X86PageTableRandom, WithoutGigabytePages) {
  mm::RandomPageTableTest<Machine<4, GigabytePages::kNo>>(mm::RandomTestSeed()).Run(kSteps);
}

}  // namespace
}  // namespace arch::x86_64
