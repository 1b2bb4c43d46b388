// Page tables of ARMv7-A under random operations; see kernel/mm/page_table_random.h.
#include <cstdint>
#include <optional>
#include <span>

#include "arch/arm/facts/manual_walk.h"
#include "arch/arm/facts/paging_policy.h"
#include "gtest/gtest.h"
#include "kernel/mm/page_table_random.h"

namespace arch::arm {
namespace {

using mm::Access;
using mm::Caching;
using mm::PageAttributes;
using mm::Scope;

// Small pages of one section share their PXN bit, so what the kernel runs and what only the user
// runs cannot lie in one: the two pools.
constexpr PageAttributes kKernelPool[] = {
    {Access::kNone, Access::kRead, Caching::kNormal, Scope::kGlobal},
    {Access::kNone, Access::kReadWrite, Caching::kNormal, Scope::kGlobal},
    {Access::kNone, Access::kReadExecute, Caching::kNormal, Scope::kGlobal},
    {Access::kNone, Access::kReadWrite, Caching::kDevice, Scope::kGlobal},
    {Access::kRead, Access::kRead, Caching::kNormal, Scope::kProcess},
    {Access::kReadExecute, Access::kReadExecute, Caching::kNormal, Scope::kProcess},
};
constexpr PageAttributes kUserPool[] = {
    {Access::kNone, Access::kReadWrite, Caching::kNormal, Scope::kProcess},
    {Access::kNone, Access::kReadWrite, Caching::kDevice, Scope::kGlobal},
    {Access::kRead, Access::kRead, Caching::kNormal, Scope::kProcess},
    {Access::kRead, Access::kReadWrite, Caching::kNormal, Scope::kProcess},
    {Access::kReadWrite, Access::kReadWrite, Caching::kNormal, Scope::kProcess},
    {Access::kReadExecute, Access::kRead, Caching::kNormal, Scope::kProcess},
    {Access::kReadWrite, Access::kReadWrite, Caching::kNormal, Scope::kGlobal},
};

// `n` is TTBCR.N.
template <unsigned n, const auto& pool>
struct Machine {
  using Policy = PagingPolicy;
  static constexpr mm::RootShape kRoot = PagingPolicy::Root(n);
  static constexpr PagingPolicy::Features kFeatures{};
  // Both ends and the middle of what the table translates.
  static constexpr uint64_t kLimit = uint64_t{1} << (32 - n);
  static constexpr uint64_t kSize = 8 << 20;
  static constexpr mm::VirtRange kWindows[] = {
      {{0}, kSize}, {{kLimit / 2 - kSize / 2}, kSize}, {{kLimit - kSize}, kSize}};
  static constexpr const auto& kAttributes = pool;

  static std::optional<mm::Translation> Walk(const mm::FakeTableMemory& memory, mm::PhysAddr root,
                                             mm::VirtAddr va) {
    return WalkAsManual(memory, root.value, n, va.value);
  }
};

constexpr int kSteps = 5000;

TEST(ArmPageTableRandom, WholeFirstLevel) {
  mm::RandomPageTableTest<Machine<0, kKernelPool>>(mm::RandomTestSeed()).Run(kSteps);
}

TEST(ArmPageTableRandom, HalfFirstLevel) {
  mm::RandomPageTableTest<Machine<1, kUserPool>>(mm::RandomTestSeed()).Run(kSteps);
}

TEST(ArmPageTableRandom, SmallestFirstLevel) {
  mm::RandomPageTableTest<Machine<7, kUserPool>>(mm::RandomTestSeed()).Run(kSteps);
}

}  // namespace
}  // namespace arch::arm
