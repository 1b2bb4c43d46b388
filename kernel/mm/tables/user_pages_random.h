// The trial of user_pages_trial.h with a processor that caches whatever it may, on the host:
// `Walker` is a machine of page_table_trial.h, whose Walk() is written from the manual. After each
// operation nothing that was cached may contradict the model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/bits.h"
#include "kernel/mm/tables/page_table_fake_memory.h"
#include "kernel/mm/tables/space_table_fake.h"
#include "kernel/mm/tables/user_pages_trial.h"
#include "kernel/mm/test_failures.h"

namespace mm {

class FailingTableMemory : public FakeTableMemory {
 public:
  base::Result<PhysAddr> AllocateTable(uint64_t bytes, uint64_t alignment) {
    if (failure.MustFail()) return std::unexpected(base::Error::kOutOfMemory);
    return FakeTableMemory::AllocateTable(bytes, alignment);
  }

  FailurePoint failure;
};

template <class Machine, class Walker>
class CachingProcessor {
 public:
  using Trial = UserPagesTrial<Machine, FailingTableMemory, TrialChoices>;

  CachingProcessor(FailingTableMemory& memory, TrialChoices& choices)
      : memory_(memory), choices_(choices) {}

  // What is cached must be what the models say; then more is cached.
  void Look(const Trial& trial) {
    for (const auto& cached : memory_.cached_pages()) {
      const std::optional<Translation> walked = Walk(trial, cached.asid, cached.va);
      if (walked && MayStay(cached.translation, *walked)) continue;
      EXPECT_TRUE(walked == cached.translation) << "stale in the TLB: " << cached.va.value;
    }
    for (const auto& cached : memory_.cached_tables()) {
      (void)Walk(trial, cached.asid, cached.block.base);
      const std::vector<FakeTableMemory::ReadWord> words = memory_.TakeReadWords();
      const auto found = std::ranges::find(words, cached.table, &FakeTableMemory::ReadWord::table);
      ASSERT_TRUE(found != words.end() && found != words.begin())
          << "stale pointer to the table at " << cached.table.value;
      EXPECT_EQ(std::prev(found)->word & Walker::kTableBits, cached.entry);
    }
    for (int probe = 0; probe < kProbes; ++probe) {
      const VirtRange& window = Machine::kWindows[choices_.Below(std::size(Machine::kWindows))];
      Use(trial, choices_.Below(Trial::kSpaces), window.base + choices_.Below(window.size_bytes));
    }
  }

 private:
  static constexpr int kProbes = 12;

  // Fewer rights than there are now: an access that they refuse makes the processor look again.
  static bool MayStay(const Translation& cached, const Translation& walked) {
    return Machine::Policy::kFaultForgetsPage && cached.pa == walked.pa &&
           Has(walked.attributes.user, cached.attributes.user);
  }

  std::optional<Translation> Walk(const Trial& trial, Asid asid, VirtAddr va) const {
    (void)memory_.TakeReadWords();
    return Walker::Walk(memory_, trial.space(asid.value - 1u).table().root(), va);
  }

  void Use(const Trial& trial, size_t index, VirtAddr va) {
    const Asid asid = Trial::AsidOf(index);
    const std::optional<Translation> walked = Walk(trial, asid, va);
    const std::vector<FakeTableMemory::ReadWord> words = memory_.TakeReadWords();
    for (size_t depth = 1; depth < words.size(); ++depth) {
      const unsigned above = Machine::kRoot.level - static_cast<unsigned>(depth - 1);
      const uint64_t bytes = base::Bit(Machine::Policy::Level(above).shift);
      memory_.Cache(FakeTableMemory::CachedTable{words[depth].table,
                                                 words[depth - 1].word & Walker::kTableBits,
                                                 {AlignDown(va, bytes), bytes},
                                                 asid});
    }
    const std::optional<UserPage> page = trial.model(index).PageAt(va);
    const bool is_open = page && page->access != Access::kNone;
    ASSERT_EQ(walked.has_value(), is_open) << va.value;
    if (!walked) return;
    EXPECT_EQ(walked->pa.value, (page->frame.value << kPageShift) + va.value % kPageSize);
    EXPECT_TRUE(walked->attributes.user == page->access);
    EXPECT_TRUE(walked->attributes.kernel == (page->access & Access::kReadWrite));
    EXPECT_TRUE(walked->attributes.scope == page->scope);
    const VirtRange whole{AlignDown(va, kPageSize), kPageSize};
    memory_.Cache(FakeTableMemory::CachedPage{va, *walked, whole, asid});
  }

  FailingTableMemory& memory_;
  TrialChoices& choices_;
};

template <class Machine, class Walker>
void RunRandomUserPagesTest(uint64_t seed, int trials) {
  constexpr int kSteps = 80;
  SCOPED_TRACE("ATLAS_TEST_SEED=" + std::to_string(seed));
  const auto fakes = std::make_unique<FakeTables>();
  TrialChoices choices(seed);
  size_t failures = 0;
  for (int number = 0; number < trials; ++number) {
    SCOPED_TRACE("trial " + std::to_string(number));
    FailingTableMemory memory;
    {
      typename CachingProcessor<Machine, Walker>::Trial trial(memory, *fakes, choices);
      CachingProcessor<Machine, Walker> processor(memory, choices);
      for (int step = 0; step < kSteps; ++step) {
        SCOPED_TRACE("step " + std::to_string(step));
        trial.Step();
        ASSERT_TRUE(trial.IsSound());
        processor.Look(trial);
        if (testing::Test::HasFailure()) return;
      }
      failures += trial.failures();
      memory.Invalidate({.reach = TlbReach::kEverything});  // no processor uses them any more
      trial.Finish();
      ASSERT_TRUE(trial.IsSound());
    }
    EXPECT_EQ(memory.live_tables(), 0u);
  }
  EXPECT_GT(failures, 0u);
}

}  // namespace mm
