// Random operations on a page table, compared after each with a plain map, with a walker written
// from the manual, and with what a TLB still holds. The architectures' tests bring a `Machine`:
//
//   using Policy, kRoot, kFeatures            the table under test
//   kWindows                                  where to map: ranges of addresses
//   kAttributes                               what to map with; all are granted
//   Walk(memory, root, va)                    std::optional<Translation>, from the manual
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/mm/page_table.h"
#include "kernel/mm/page_table_fake_memory.h"
#include "kernel/mm/page_table_model.h"

namespace mm {

// A new seed each run would make a failure unrepeatable; ATLAS_TEST_SEED tries others.
inline uint64_t RandomTestSeed() {
  const char* const text = std::getenv("ATLAS_TEST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 0) : 0x41746C61731962;
}

template <class Machine>
class RandomPageTableTest {
 public:
  using Policy = typename Machine::Policy;
  using Table = PageTable<Policy, FakeTableMemory>;

  explicit RandomPageTableTest(uint64_t seed)
      : seed_(seed),
        random_(seed),
        table_(*Table::Create(Machine::kRoot, Machine::kFeatures, memory_)) {}

  void Run(int steps) {
    SCOPED_TRACE("ATLAS_TEST_SEED=" + std::to_string(seed_));
    for (int step = 0; step < steps; ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      Step();
      CompareAll();
      CompareSome();
      if (testing::Test::HasFailure()) return;
    }
    for (const VirtRange& window : Machine::kWindows) {
      EXPECT_TRUE(table_.Unmap(window).has_value());
      model_.Unmap(window);
      CompareAll();
    }
    EXPECT_EQ(memory_.live_tables(), 1u);
    table_.Release();
    EXPECT_EQ(memory_.live_tables(), 0u);
  }

 private:
  struct Operation {
    enum class Kind : uint8_t { kMap, kUnmap, kProtect } kind;
    VirtRange range;
    PhysAddr target;
    PageAttributes attributes;
  };

  uint64_t Below(uint64_t limit) { return random_() % limit; }

  // Mostly small, sometimes made of large pages, and often with ends inside large pages.
  uint64_t RandomBytes(uint64_t limit) {
    const unsigned levels = Policy::kLevelCount < 3 ? Policy::kLevelCount : 3;
    const unsigned level = static_cast<unsigned>(Below(levels));
    const uint64_t unit = base::Bit(Policy::Level(level).shift);
    uint64_t bytes = unit * (1 + Below(4));
    if (level > 0 && Below(2) == 0) bytes += kPageSize * Below(16);
    return bytes < limit ? bytes : limit;
  }

  VirtRange RandomRange() {
    const VirtRange window = Machine::kWindows[Below(std::size(Machine::kWindows))];
    const uint64_t bytes = RandomBytes(window.size_bytes);
    uint64_t offset = base::AlignDown(Below(window.size_bytes - bytes + 1), kPageSize);
    const unsigned alignment = static_cast<unsigned>(Below(Policy::kLevelCount));
    const uint64_t unit = base::Bit(Policy::Level(alignment).shift);
    if (Below(2) == 0) offset = base::AlignDown(offset, unit);
    return {window.base + offset, bytes};
  }

  Operation RandomOperation() {
    const VirtRange range = RandomRange();
    // The same offset as the address in large pages, most of the time; never gigabytes of 4 KiB.
    uint64_t target = 0x8000'0000 + (range.base.value & base::LowBits(30));
    constexpr uint64_t kManyPages = 64 << 20;
    if (Below(4) == 0) target += range.size_bytes < kManyPages ? kPageSize : 2 << 20;
    if (target + range.size_bytes > uint64_t{1} << 32) target -= 0x8000'0000;
    return {static_cast<typename Operation::Kind>(Below(3)), range, PhysAddr{target},
            Machine::kAttributes[Below(std::size(Machine::kAttributes))]};
  }

  base::Result<> Apply(const Operation& operation) {
    memory_.StartWalking();
    switch (operation.kind) {
      case Operation::Kind::kMap:
        return table_.Map(operation.range, operation.target, operation.attributes);
      case Operation::Kind::kUnmap:
        return table_.Unmap(operation.range);
      case Operation::Kind::kProtect:
        return table_.Protect(operation.range, operation.attributes);
    }
    return {};
  }

  // What the model says must come of it; done to the model when it succeeds.
  base::Result<> ApplyToModel(const Operation& operation) {
    switch (operation.kind) {
      case Operation::Kind::kMap:
        if (!model_.IsUnmapped(operation.range)) {
          return std::unexpected(base::Error::kAlreadyExists);
        }
        model_.Map(operation.range, operation.target, operation.attributes);
        return {};
      case Operation::Kind::kUnmap:
        model_.Unmap(operation.range);
        return {};
      case Operation::Kind::kProtect:
        if (!model_.IsFullyMapped(operation.range)) return std::unexpected(base::Error::kNotFound);
        model_.Protect(operation.range, operation.attributes);
        return {};
    }
    return {};
  }

  void Step() {
    const Operation operation = RandomOperation();
    if (Below(4) == 0) FailEachAllocation(operation);
    const base::Result<> result = Apply(operation);
    EXPECT_TRUE(result == ApplyToModel(operation));
  }

  // Each allocation fails in turn, and nothing changes; the caller does it once more, for good.
  void FailEachAllocation(const Operation& operation) {
    const PageTableModel before = model_;
    const size_t tables = memory_.live_tables();
    for (uint64_t allowed = 0;; ++allowed) {
      memory_.Allow(allowed);
      const base::Result<> result = Apply(operation);
      memory_.Allow(FakeTableMemory::kUnlimited);
      if (result || result.error() != base::Error::kOutOfMemory) {
        Undo(operation, result, before);
        return;
      }
      CompareAll();
      EXPECT_EQ(memory_.live_tables(), tables);
      if (testing::Test::HasFailure()) return;
    }
  }

  // Puts back what the range held, so that the operation can be done again.
  void Undo(const Operation& operation, const base::Result<>& result,
            const PageTableModel& before) {
    if (!result) return;
    EXPECT_TRUE(table_.Unmap(operation.range).has_value());
    for (const Mapping& mapping : before.Merged()) {
      const VirtRange lost = Intersection(mapping.range, operation.range);
      if (lost.IsEmpty()) continue;
      const PhysAddr target = mapping.target + (lost.base - mapping.range.base);
      EXPECT_TRUE(table_.Map(lost, target, mapping.attributes).has_value());
    }
  }

  void CompareAll() {
    EXPECT_TRUE(table_.CheckInvariants().has_value());
    std::vector<Mapping> found;
    std::optional<VirtAddr> previous_last;
    table_.ForEachMapping([&](const Mapping& mapping) {
      if (previous_last) EXPECT_LT(*previous_last, mapping.range.base);
      previous_last = mapping.range.last();
      PageTableModel::Append(found, mapping);
    });
    EXPECT_TRUE(found == model_.Merged());
    for (const auto& [va, cached] : memory_.tlb()) {
      EXPECT_TRUE(Machine::Walk(memory_, table_.root(), VirtAddr{va}) == cached)
          << "stale in the TLB: " << va;
    }
  }

  void CompareSome() {
    constexpr int kProbes = 16;
    for (int i = 0; i < kProbes; ++i) {
      const VirtAddr va = RandomRange().base + Below(kPageSize);
      const std::optional<Translation> expected = model_.Find(va);
      const std::optional<Mapping> queried = table_.Query(va);
      ASSERT_EQ(queried.has_value(), expected.has_value()) << va.value;
      EXPECT_TRUE(Machine::Walk(memory_, table_.root(), va) == expected) << va.value;
      EXPECT_EQ(table_.Translate(va).has_value(), expected.has_value());
      if (!expected) continue;
      EXPECT_EQ(*table_.Translate(va), expected->pa) << va.value;
      EXPECT_TRUE(queried->attributes == expected->attributes) << va.value;
      EXPECT_TRUE(queried->range.Contains(va));
      memory_.Cache(va, *expected);
    }
  }

  uint64_t seed_;
  std::mt19937_64 random_;
  FakeTableMemory memory_;
  PageTableModel model_;
  Table table_;
};

}  // namespace mm
