// A page table put through operations and compared after each with a plain map, with a walker
// written from the manual, and with what a processor may still have cached. The architectures bring
// a `Machine`:
//
//   using Policy, kRoot, kFeatures            the table under test
//   kWindows                                  where to map: ranges of addresses
//   kAttributes                               what to map with; all are granted
//   Walk(memory, root, va)                    std::optional<Translation>, from the manual
//   kTableBits                                what means something in an entry for a table
//   kSharedBytes, MayShare(one, other)        pages with which two attributes may lie in one block
//                                             of so many bytes, if it is no large page
//   kSizesMayMix                              whether pages of two sizes may be cached for an
//   address
//
// and whoever makes them `Choices`: Below(limit), a number below `limit` each time. Random ones
// make a random test, a fuzzer's bytes a fuzz target.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/mm/tables/page_table_fake_memory.h"
#include "kernel/mm/tables/page_table_model.h"
#include "kernel/mm/tables/tlb_batch.h"

namespace mm {

template <class Machine, class Choices>
class PageTableTrial {
 public:
  using Policy = typename Machine::Policy;
  using Table = PageTable<Policy, FakeTableMemory>;

  explicit PageTableTrial(Choices& choices)
      : choices_(choices),
        table_(*Table::Create(Machine::kRoot, Machine::kFeatures, memory_)),
        // The tables of one process, or of the kernel.
        batch_(Below(2) == 0 ? kAsid : kEveryAsid) {
    memory_.OnInvalidation([this] { CheckSizes(); });
  }
  PageTableTrial(const PageTableTrial&) = delete;
  PageTableTrial& operator=(const PageTableTrial&) = delete;
  ~PageTableTrial() { batch_.Flush(memory_); }

  // One operation. With `allocations_fail`, each of its allocations fails first, one after the
  // other.
  enum class Allocations : bool { kSucceed, kFailInTurn };
  void Step(Allocations allocations) {
    const Operation operation = ChooseOperation();
    if (operation.kind == Kind::kMap && IsParked(operation.range)) Flush();
    if (operation.kind == Kind::kUnmap) parked_.push_back(operation.range);
    const base::Result<> result =
        allocations == Allocations::kFailInTurn ? ApplyFailing(operation) : Apply(operation);
    EXPECT_TRUE(result == ApplyToModel(operation));
    if (operation.kind == Kind::kCollapse) CheckCollapsed(operation.range);
    if (Below(2) == 0) Flush();
    CompareAll();
    CompareSome(operation.range);
  }

  // Gives the table up, in one of three cases as it is: no table may be left behind.
  void Finish() {
    if (Below(3) > 0) {
      for (const VirtRange& window : Machine::kWindows) {
        EXPECT_TRUE(table_.Unmap(window, batch_).has_value());
        model_.Clear(window);
        CompareAll();
      }
      batch_.Flush(memory_);
      CompareAll();
      EXPECT_EQ(memory_.live_tables(), 1u);
    }
    batch_.Flush(memory_);
    memory_.OnInvalidation(nullptr);
    memory_.Invalidate({.reach = TlbReach::kEverything});  // no processor uses it any more
    table_.Release();
    EXPECT_EQ(memory_.live_tables(), 0u);
  }

 private:
  static constexpr Asid kAsid{5};

  enum class Kind : uint8_t { kMap, kUnmap, kProtect, kCollapse, kSetSpare, kMark };
  struct Operation {
    Kind kind;
    VirtRange range;
    PhysAddr target;
    PageAttributes attributes;
    uint64_t bits;  // spare bits or mark
  };

  void Flush() {
    batch_.Flush(memory_);
    parked_.clear();
  }

  // Whether some of `range` was unmapped and not flushed yet: not to be used again before.
  bool IsParked(const VirtRange& range) const {
    return std::ranges::any_of(parked_,
                               [&](const VirtRange& parked) { return parked.Overlaps(range); });
  }

  uint64_t Below(uint64_t limit) { return choices_.Below(limit); }

  // Mostly small, sometimes made of large pages, and often with ends inside large pages.
  uint64_t ChooseBytes(uint64_t limit) {
    const unsigned levels = Policy::kLevelCount < 3 ? Policy::kLevelCount : 3;
    const unsigned level = static_cast<unsigned>(Below(levels));
    const uint64_t unit = base::Bit(Policy::Level(level).shift);
    uint64_t bytes = unit * (1 + Below(4));
    if (level > 0 && Below(2) == 0) bytes += kPageSize * Below(16);
    return bytes < limit ? bytes : limit;
  }

  VirtRange ChooseRange() {
    const VirtRange window = Machine::kWindows[Below(std::size(Machine::kWindows))];
    const uint64_t bytes = ChooseBytes(window.size_bytes);
    uint64_t offset = base::AlignDown(Below(window.size_bytes - bytes + 1), kPageSize);
    const unsigned alignment = static_cast<unsigned>(Below(Policy::kLevelCount));
    const uint64_t unit = base::Bit(Policy::Level(alignment).shift);
    if (Below(2) == 0) offset = base::AlignDown(offset, unit);
    return {window.base + offset, bytes};
  }

  // Of what is mapped, if anything is: for operations that want it.
  VirtRange ChooseMappedRange() {
    const std::vector<Mapping> mappings = model_.Merged();
    if (mappings.empty()) return ChooseRange();
    const VirtRange whole = mappings[Below(mappings.size())].range;
    const uint64_t bytes = ChooseBytes(whole.size_bytes);
    const uint64_t offset = Below((whole.size_bytes - bytes) / kPageSize + 1) * kPageSize;
    return {whole.base + offset, bytes};
  }

  Operation ChooseOperation() {
    // Maps twice as often as anything else, or there would be little to work on.
    constexpr Kind kKinds[] = {Kind::kMap,     Kind::kMap,      Kind::kUnmap, Kind::kProtect,
                               Kind::kProtect, Kind::kCollapse, Kind::kMark,  Kind::kSetSpare};
    const Kind kind = kKinds[Below(std::size(kKinds))];
    const bool on_mapped = kind != Kind::kMap && kind != Kind::kMark && Below(4) > 0;
    VirtRange range = on_mapped ? ChooseMappedRange() : ChooseRange();
    if (kind == Kind::kCollapse) range = BlocksAround(range);
    // The same offset as the address in large pages, most of the time; never gigabytes of 4 KiB.
    uint64_t target = 0x8000'0000 + (range.base.value & base::LowBits(30));
    constexpr uint64_t kManyPages = 3 << 20;
    if (Below(4) == 0) target += range.size_bytes < kManyPages ? kPageSize : 2 << 20;
    if (target + range.size_bytes > uint64_t{1} << 32) target -= 0x8000'0000;
    const uint64_t max_bits = kind == Kind::kMark ? Table::kMaxMark : Table::kMaxSpare;
    return {kind, range, PhysAddr{target},
            Machine::kAttributes[Below(std::size(Machine::kAttributes))],
            Below(2) == 0 ? 0 : Below(max_bits + 1)};
  }

  // Blocks of large pages around a range, so that what an operation split may be put back.
  VirtRange BlocksAround(const VirtRange& range) {
    const unsigned level = 1 + static_cast<unsigned>(Below(Policy::kLevelCount > 2 ? 2 : 1));
    const uint64_t unit = base::Bit(Policy::Level(level).shift);
    const VirtAddr last{range.last().value | (unit - 1)};
    return FromFirstToLast(AlignDown(range.base, unit), last);
  }

  base::Result<> Apply(const Operation& operation) {
    switch (operation.kind) {
      case Kind::kMap:
        return table_.Map(operation.range, operation.target, operation.attributes);
      case Kind::kUnmap:
        return table_.Unmap(operation.range, batch_);
      case Kind::kProtect:
        return table_.Protect(operation.range, operation.attributes, batch_);
      case Kind::kCollapse:
        return table_.Collapse(operation.range, batch_);
      case Kind::kSetSpare:
        return table_.SetSpare(operation.range, operation.bits, batch_);
      case Kind::kMark:
        return table_.Mark(operation.range, operation.bits, batch_);
    }
    return {};
  }

  // What the model says must come of it; done to the model when it succeeds.
  base::Result<> ApplyToModel(const Operation& operation) {
    const VirtRange& range = operation.range;
    switch (operation.kind) {
      case Kind::kMap:
        if (!model_.IsUnmapped(range)) return std::unexpected(base::Error::kAlreadyExists);
        if (!FitsItsNeighbours(range, operation.attributes)) {
          return std::unexpected(base::Error::kUnsupported);
        }
        model_.Map(range, operation.target, operation.attributes);
        break;
      case Kind::kUnmap:
        model_.Clear(range);
        break;
      case Kind::kProtect:
        if (!model_.IsFullyMapped(range)) return std::unexpected(base::Error::kNotFound);
        if (!FitsItsNeighbours(range, operation.attributes)) {
          return std::unexpected(base::Error::kUnsupported);
        }
        model_.Protect(range, operation.attributes);
        break;
      case Kind::kCollapse:
        break;
      case Kind::kSetSpare:
        if (!model_.IsFullyMapped(range)) return std::unexpected(base::Error::kNotFound);
        model_.SetSpare(range, operation.bits);
        break;
      case Kind::kMark:
        if (!model_.IsUnmapped(range)) return std::unexpected(base::Error::kAlreadyExists);
        model_.Mark(range, operation.bits);
        break;
    }
    return {};
  }

  // Whether pages of `range` may have `attributes` beside those around it that stay as they are.
  bool FitsItsNeighbours(const VirtRange& range, const PageAttributes& attributes) const {
    constexpr uint64_t kMask = Machine::kSharedBytes - 1;
    const VirtRange around = FromFirstToLast(AlignDown(range.base, Machine::kSharedBytes),
                                             VirtAddr{range.last().value | kMask});
    return std::ranges::all_of(model_.Merged(), [&](const Mapping& mapping) {
      const VirtRange near = Intersection(mapping.range, around);
      return near.IsEmpty() || range.Contains(near) ||
             Machine::MayShare(attributes, mapping.attributes);
    });
  }

  // Each allocation fails in turn, and nothing changes, until the operation needs no more.
  base::Result<> ApplyFailing(const Operation& operation) {
    const size_t tables = memory_.live_tables();
    const uint64_t rounds = memory_.counts().rounds;
    const TlbReach reach = batch_.work().reach;
    const size_t stretches = batch_.work().stretches.size();
    for (uint64_t allowed = 0;; ++allowed) {
      memory_.Allow(allowed);
      const base::Result<> result = Apply(operation);
      memory_.Allow(FakeTableMemory::kUnlimited);
      if (result || result.error() != base::Error::kOutOfMemory) return result;
      if ((allowed & (allowed - 1)) == 0) CompareAll();  // it is slow: for 0, 1, 2, 4, …
      EXPECT_EQ(memory_.live_tables(), tables);
      EXPECT_EQ(memory_.counts().rounds, rounds);
      EXPECT_TRUE(batch_.work().reach == reach);
      EXPECT_EQ(batch_.work().stretches.size(), stretches);
      if (testing::Test::HasFailure()) return result;
    }
  }

  // Blocks that lie in one mapping, at an address that allows it, are large pages now.
  void CheckCollapsed(const VirtRange& range) {
    for (const Mapping& mapping : model_.Merged()) {
      const VirtRange common = Intersection(mapping.range, range);
      for (unsigned level = 1; !common.IsEmpty() && level < Machine::kRoot.level; ++level) {
        const uint64_t unit = base::Bit(Policy::Level(level).shift);
        if (!Policy::MayHoldLeaf(level, Machine::kFeatures)) continue;
        const uint64_t first = (common.base.value + (unit - 1)) & ~(unit - 1);  // 0 past the top
        if (first == 0 || first > common.last().value) continue;
        if (common.last().value - first < unit - 1) continue;
        const PhysAddr target = mapping.target + (first - mapping.range.base.value);
        if (!IsAligned(target, unit)) continue;
        EXPECT_GE(table_.Query(VirtAddr{first})->page_bytes, unit);
      }
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
    for (const VirtRange& range : model_.Marked()) {
      EXPECT_EQ(table_.MarkAt(range.base), model_.MarkAt(range.base));
      EXPECT_EQ(table_.MarkAt(range.last()), model_.MarkAt(range.last()));
    }
    if (batch_.IsEmpty()) CompareCached();
  }

  // Nothing is gathered: what is cached must hold.
  void CompareCached() {
    for (const auto& cached : memory_.cached_pages()) {
      std::optional<Translation> walked = Machine::Walk(memory_, table_.root(), cached.va);
      if (walked) walked->spare = cached.translation.spare;  // not the processor's
      EXPECT_TRUE(walked == cached.translation) << "stale in the TLB: " << cached.va.value;
    }
    for (const auto& cached : memory_.cached_tables()) {
      (void)memory_.TakeReadWords();
      (void)Machine::Walk(memory_, table_.root(), cached.block.base);
      const std::vector<FakeTableMemory::ReadWord> words = memory_.TakeReadWords();
      const auto found = std::ranges::find(words, cached.table, &FakeTableMemory::ReadWord::table);
      ASSERT_TRUE(found != words.end() && found != words.begin())
          << "stale pointer to the table at " << cached.table.value;
      EXPECT_EQ(std::prev(found)->word & Machine::kTableBits, cached.entry)
          << "stale entry for the table at " << cached.table.value;
    }
  }

  // Before an invalidation: where sizes, memory types and scopes may not mix, what is cached and
  // what a walk finds now agree in them, or the walk finds nothing.
  void CheckSizes() {
    if (Machine::kSizesMayMix) return;
    for (const auto& cached : memory_.cached_pages()) {
      const std::optional<Translation> walked = Machine::Walk(memory_, table_.root(), cached.va);
      if (!walked) continue;
      EXPECT_EQ(walked->page_bytes, cached.translation.page_bytes) << cached.va.value;
      EXPECT_TRUE(walked->attributes.caching == cached.translation.attributes.caching);
      EXPECT_TRUE(walked->attributes.scope == cached.translation.attributes.scope);
    }
  }

  // Pages in `range`, and anywhere.
  void CompareSome(const VirtRange& range) {
    constexpr int kProbes = 8;
    for (int i = 0; i < kProbes; ++i) {
      const VirtRange window = Machine::kWindows[probes_() % std::size(Machine::kWindows)];
      const VirtRange& part = i % 4 == 0 ? window : range;
      const VirtAddr va = part.base + ((uint64_t{probes_()} << 32) + probes_()) % part.size_bytes;
      const std::optional<Translation> expected = model_.Find(va);
      const std::optional<Mapping> queried = table_.Query(va);
      ASSERT_EQ(queried.has_value(), expected.has_value()) << va.value;
      EXPECT_EQ(table_.MarkAt(va), model_.MarkAt(va)) << va.value;
      EXPECT_EQ(table_.Translate(va).has_value(), expected.has_value());
      (void)memory_.TakeReadWords();
      const std::optional<Translation> walked = Machine::Walk(memory_, table_.root(), va);
      EXPECT_TRUE(walked == expected) << va.value;
      CacheTables(va);
      if (!expected || !walked) continue;
      EXPECT_EQ(*table_.Translate(va), expected->pa) << va.value;
      EXPECT_TRUE(queried->attributes == expected->attributes) << va.value;
      EXPECT_EQ(queried->spare, expected->spare) << va.value;
      EXPECT_EQ(queried->page_bytes, walked->page_bytes) << va.value;
      EXPECT_TRUE(queried->range.Contains(va));
      memory_.Cache(FakeTableMemory::CachedPage{va, *walked, queried->range, kAsid});
    }
  }

  // The tables below the root that the last walk went through.
  void CacheTables(VirtAddr va) {
    const std::vector<FakeTableMemory::ReadWord> words = memory_.TakeReadWords();
    for (size_t depth = 1; depth < words.size(); ++depth) {
      const unsigned above = Machine::kRoot.level - static_cast<unsigned>(depth - 1);
      const uint64_t bytes = base::Bit(Policy::Level(above).shift);
      memory_.Cache(FakeTableMemory::CachedTable{words[depth].table,
                                                 words[depth - 1].word & Machine::kTableBits,
                                                 {AlignDown(va, bytes), bytes},
                                                 kAsid});
    }
  }

  Choices& choices_;
  FakeTableMemory memory_;
  PageTableModel model_;
  Table table_;
  TlbBatch batch_;
  std::vector<VirtRange> parked_;  // unmapped since the last flush
  std::minstd_rand probes_;        // where to look is no choice of the fuzzer's
};

}  // namespace mm
