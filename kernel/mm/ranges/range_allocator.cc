#include "kernel/mm/ranges/range_allocator.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"

namespace mm {
namespace {

using range_allocator_internal::SizeKey;

// Boundaries: see BoundaryOrder.
constexpr uint64_t kAllocatedBit = 1;

constexpr uint64_t FreeFrom(uint64_t base) { return base; }
constexpr uint64_t AllocatedFrom(uint64_t base) { return base | kAllocatedBit; }
constexpr bool IsAllocated(uint64_t boundary) { return (boundary & kAllocatedBit) != 0; }
constexpr uint64_t BaseOf(uint64_t boundary) { return boundary & ~kAllocatedBit; }
// Comes no earlier than a boundary at `va`, and before every later one.
constexpr uint64_t UpTo(uint64_t va) { return va | kAllocatedBit; }

// Comes before every free range of `size_bytes` or more, and after all smaller ones.
constexpr SizeKey Below(uint64_t size_bytes) {
  return {size_bytes - 1, std::numeric_limits<uint64_t>::max()};
}

// Where `size_bytes` fit into a free range with an aligned base.
std::optional<VirtAddr> FitInto(const SizeKey& free, uint64_t size_bytes, uint64_t alignment) {
  const uint64_t skipped = -free.base & (alignment - 1);
  if (skipped > free.size_bytes || free.size_bytes - skipped < size_bytes) return std::nullopt;
  return VirtAddr{free.base + skipped};
}

// Nodes are set aside and given back for so many ranges at once.
constexpr uint64_t kRangesPerStep = 16;
constexpr uint64_t kMostNodesKept = 3;  // beyond those set aside

}  // namespace

std::string_view RangeFaultName(RangeFault fault) {
  switch (fault) {
    case RangeFault::kOutsideSpace:
      return "outside the space";
    case RangeFault::kDoubleFree:
      return "freed twice";
    case RangeFault::kNeverAllocated:
      return "never allocated";
    case RangeFault::kWrongSize:
      return "wrong size";
  }
  return "unknown fault";
}

RangeAllocator::RangeAllocator(PageSource& source, uint64_t granule_bytes)
    : granule_bytes_(granule_bytes), nodes_(source) {
  CHECK(std::has_single_bit(granule_bytes) && granule_bytes > kAllocatedBit);
}

RangeAllocator::~RangeAllocator() {
  boundaries_.Clear(nodes_);
  free_sizes_.Clear(nodes_);
}

base::Result<> RangeAllocator::Start(const VirtRange& space) {
  CHECK(space_.IsEmpty());
  if (space.IsEmpty() || space.Wraps()) return std::unexpected(base::Error::kInvalidArgument);
  if (!space.IsAligned(granule_bytes_)) return std::unexpected(base::Error::kNotAligned);
  const auto enough =
      nodes_.EnsureAtLeast(boundaries_.nodes_for_insertion() + free_sizes_.nodes_for_insertion());
  if (!enough) {
    nodes_.KeepAtMost(0);
    return enough;
  }
  boundaries_.Insert(FreeFrom(space.base.value), nodes_);
  free_sizes_.Insert({space.size_bytes, space.base.value}, nodes_);
  space_ = space;
  most_size_nodes_ = FreeSizes::MostNodes(1);
  return {};
}

base::Result<> RangeAllocator::CheckSize(uint64_t size_bytes) const {
  if (size_bytes == 0) return std::unexpected(base::Error::kInvalidArgument);
  if (!base::IsAligned(size_bytes, granule_bytes_)) {
    return std::unexpected(base::Error::kNotAligned);
  }
  return {};
}

base::Result<VirtRange> RangeAllocator::Allocate(uint64_t size_bytes) {
  TRY(CheckSize(size_bytes));
  TRY(SetNodesAside());
  FreeSizes::Place place;
  if (!free_sizes_.FindFirstAfter(Below(size_bytes), place)) {
    return std::unexpected(base::Error::kOutOfMemory);
  }
  const SizeKey free = place.key();
  const VirtRange range{{free.base}, size_bytes};
  boundaries_.PrefetchLeafOf(free.base);
  if (free.size_bytes != size_bytes)
    free_sizes_.PrefetchLeafOf({free.size_bytes - size_bytes, free.base});
  free_sizes_.EraseAt(place, 1, nodes_);
  Take(free, range);
  return range;
}

base::Result<VirtRange> RangeAllocator::AllocateAligned(uint64_t size_bytes, uint64_t alignment) {
  if (!std::has_single_bit(alignment)) return std::unexpected(base::Error::kInvalidArgument);
  TRY(CheckSize(size_bytes));
  TRY(SetNodesAside());
  FreeSizes::Place place;
  if (!FindAligned(size_bytes, alignment, place)) {
    return std::unexpected(base::Error::kOutOfMemory);
  }
  const SizeKey free = place.key();
  const VirtRange range{*FitInto(free, size_bytes, alignment), size_bytes};
  free_sizes_.EraseAt(place, 1, nodes_);
  Take(free, range);
  return range;
}

bool RangeAllocator::FindAligned(uint64_t size_bytes, uint64_t alignment,
                                 FreeSizes::Place& place) const {
  if (!free_sizes_.FindFirstAfter(Below(size_bytes), place)) return false;
  for (unsigned tries = 0; tries < kAlignedTries; ++tries) {
    if (FitInto(place.key(), size_bytes, alignment)) return true;
    if (!FreeSizes::Advance(place)) return false;
  }
  const uint64_t most_skipped = alignment > granule_bytes_ ? alignment - granule_bytes_ : 0;
  const bool is_representable = size_bytes <= std::numeric_limits<uint64_t>::max() - most_skipped;
  FreeSizes::Place sure;
  if (is_representable && free_sizes_.FindFirstAfter(Below(size_bytes + most_skipped), sure)) {
    place = sure;
    return true;
  }
  while (!FitInto(place.key(), size_bytes, alignment)) {
    if (!FreeSizes::Advance(place)) return false;
  }
  return true;
}

base::Result<> RangeAllocator::AllocateAt(const VirtRange& range) {
  if (range.IsEmpty() || range.Wraps()) return std::unexpected(base::Error::kInvalidArgument);
  if (!range.IsAligned(granule_bytes_)) return std::unexpected(base::Error::kNotAligned);
  if (!space_.Contains(range)) return std::unexpected(base::Error::kOutOfRange);
  TRY(SetNodesAside());
  Boundaries::Place place;
  CHECK(boundaries_.FindLast(UpTo(range.base.value), place));
  const VirtRange found = RangeAt(place);
  if (IsAllocated(place.key()) || !found.Contains(range)) {
    return std::unexpected(base::Error::kOverlap);
  }
  const SizeKey free{found.size_bytes, found.base.value};
  free_sizes_.Erase(free, nodes_);
  Take(free, range);
  return {};
}

// `free`, no longer in `free_sizes_`, becomes up to three ranges, of which `range` is allocated.
void RangeAllocator::Take(const SizeKey& free, const VirtRange& range) {
  const uint64_t base = range.base.value;
  const uint64_t bytes_before = base - free.base;
  const uint64_t bytes_after = free.size_bytes - bytes_before - range.size_bytes;
  Boundaries::Place place;
  CHECK(boundaries_.FindLast(UpTo(free.base), place) && place.key() == FreeFrom(free.base));
  if (bytes_before == 0) {
    Boundaries::ReplaceAt(place, AllocatedFrom(base));
  } else {
    boundaries_.InsertAfter(place, AllocatedFrom(base), nodes_);
    free_sizes_.Insert({bytes_before, free.base}, nodes_);
    if (bytes_after != 0) CHECK(boundaries_.FindLast(AllocatedFrom(base), place));
  }
  if (bytes_after != 0) {
    boundaries_.InsertAfter(place, FreeFrom(base + range.size_bytes), nodes_);
    free_sizes_.Insert({bytes_after, base + range.size_bytes}, nodes_);
  }
  allocated_bytes_ += range.size_bytes;
  ++allocated_ranges_;
}

std::expected<void, RangeFault> RangeAllocator::Free(const VirtRange& range) {
  if (range.IsEmpty() || range.Wraps() || !range.IsAligned(granule_bytes_) ||
      !space_.Contains(range)) {
    return std::unexpected(RangeFault::kOutsideSpace);
  }
  Boundaries::Place place;
  CHECK(boundaries_.FindLast(UpTo(range.base.value), place));
  if (place.key() != AllocatedFrom(range.base.value) || RangeAt(place) != range) {
    return std::unexpected(NameFault(place, range));
  }
  PutBack(place, range);
  allocated_bytes_ -= range.size_bytes;
  --allocated_ranges_;
  GiveNodesBack();
  return {};
}

VirtRange RangeAllocator::RangeAt(const Boundaries::Place& place) const {
  const VirtAddr base{BaseOf(place.key())};
  const uint64_t* const next = Boundaries::PeekAfter(place, 1);
  return FromFirstToLast(base, next != nullptr ? VirtAddr{BaseOf(*next) - 1} : space_.last());
}

RangeAllocator::FreeNeighbours RangeAllocator::FreeNeighboursOf(const Boundaries::Place& place,
                                                                const VirtRange& range) const {
  FreeNeighbours found;
  const uint64_t* const before = Boundaries::PeekBefore(place);
  if (before != nullptr && !IsAllocated(*before)) {
    found.before = SizeKey{range.base.value - *before, *before};
  }
  const uint64_t* const after = Boundaries::PeekAfter(place, 1);
  if (after != nullptr && !IsAllocated(*after)) {
    const uint64_t* const next = Boundaries::PeekAfter(place, 2);
    const uint64_t last = next != nullptr ? BaseOf(*next) - 1 : space_.last().value;
    found.after = SizeKey{last - *after + 1, *after};
  }
  return found;
}

// `place` is the boundary of `range`, which joins the free ranges beside it.
void RangeAllocator::PutBack(Boundaries::Place& place, const VirtRange& range) {
  const FreeNeighbours joined = FreeNeighboursOf(place, range);
  SizeKey whole{range.size_bytes, range.base.value};
  if (joined.before) whole = {joined.before->size_bytes + whole.size_bytes, joined.before->base};
  if (joined.after) whole.size_bytes += joined.after->size_bytes;
  free_sizes_.PrefetchLeafOf(whole);
  if (joined.after) free_sizes_.PrefetchLeafOf(*joined.after);
  if (joined.before) free_sizes_.Erase(*joined.before, nodes_);
  if (joined.after) free_sizes_.Erase(*joined.after, nodes_);
  free_sizes_.Insert(whole, nodes_);

  const bool takes_next = joined.after && Boundaries::IsNextBeside(place);
  if (!joined.before) Boundaries::ReplaceAt(place, FreeFrom(range.base.value));
  const unsigned own = joined.before ? 1 : 0;
  if (takes_next) {
    if (!joined.before) CHECK(Boundaries::Advance(place));
    boundaries_.EraseAt(place, own + 1, nodes_);
  } else {
    if (joined.before) boundaries_.EraseAt(place, own, nodes_);
    if (joined.after) boundaries_.Erase(FreeFrom(joined.after->base), nodes_);
  }
}

RangeFault RangeAllocator::NameFault(const Boundaries::Place& place, const VirtRange& range) const {
  const VirtRange found = RangeAt(place);
  if (!IsAllocated(place.key()) && found.Contains(range)) return RangeFault::kDoubleFree;
  const bool starts_there = IsAllocated(place.key()) && found.base == range.base;
  return starts_there ? RangeFault::kWrongSize : RangeFault::kNeverAllocated;
}

std::optional<VirtRange> RangeAllocator::FindAllocated(VirtAddr va) const {
  if (!space_.Contains(va)) return std::nullopt;
  Boundaries::Place place;
  CHECK(boundaries_.FindLast(UpTo(va.value), place));
  if (!IsAllocated(place.key())) return std::nullopt;
  return RangeAt(place);
}

void RangeAllocator::ForEach(Visitor visit) const {
  std::optional<uint64_t> before;
  const auto finish = [&](VirtAddr last) {
    visit(FromFirstToLast(VirtAddr{BaseOf(*before)}, last),
          IsAllocated(*before) ? State::kAllocated : State::kFree);
  };
  boundaries_.ForEach([&](uint64_t boundary) {
    if (before) finish(VirtAddr{BaseOf(boundary) - 1});
    before = boundary;
  });
  if (before) finish(space_.last());
}

// The nodes that later frees may need do not count on what this allocation takes: an allocation may
// cut a free range into three, and its free may leave one more free range than there was.
uint64_t RangeAllocator::NodesToKeep() const {
  constexpr unsigned kMostInsertions = 2;
  return most_size_nodes_ - free_sizes_.nodes() +
         kMostInsertions * boundaries_.nodes_for_insertion();
}

// For one more allocated range.
base::Result<> RangeAllocator::SetNodesAside() {
  const uint64_t freeable_before = freeable_ranges_;
  if (allocated_ranges_ == freeable_ranges_) SetFreeable(freeable_ranges_ + kRangesPerStep);
  const uint64_t nodes_before = nodes_.count();
  if (nodes_before >= NodesToKeep()) return {};
  const base::Result<> enough = nodes_.EnsureAtLeast(NodesToKeep());
  if (!enough) {
    nodes_.KeepAtMost(nodes_before);
    SetFreeable(freeable_before);
  }
  return enough;
}

void RangeAllocator::SetFreeable(uint64_t ranges) {
  freeable_ranges_ = ranges;
  // Allocated ranges keep free ones apart, so that there is at most one more of these.
  most_size_nodes_ = FreeSizes::MostNodes(ranges + 1);
}

void RangeAllocator::GiveNodesBack() {
  if (allocated_ranges_ + 2 * kRangesPerStep < freeable_ranges_) {
    SetFreeable(freeable_ranges_ - kRangesPerStep);
  }
  nodes_.KeepAtMost(NodesToKeep() + kMostNodesKept);
}

RangeAllocator::Statistics RangeAllocator::statistics() const {
  const bool is_full = free_sizes_.keys() == 0;
  return {.free_bytes = space_.size_bytes - allocated_bytes_,
          .largest_free_bytes = is_full ? 0 : free_sizes_.Greatest().size_bytes,
          .free_ranges = free_sizes_.keys(),
          .allocated_bytes = allocated_bytes_,
          .allocated_ranges = allocated_ranges_,
          .node_bytes = nodes_.pool().bytes()};
}

base::Result<> RangeAllocator::CheckInvariants() const {
  TRY(nodes_.pool().CheckInvariants());
  bool sound = boundaries_.IsSound() && free_sizes_.IsSound();
  Statistics counted;
  std::optional<State> before;
  VirtAddr first;
  ForEach([&](const VirtRange& range, State state) {
    if (!before) first = range.base;
    sound = sound && range.IsAligned(granule_bytes_);
    if (state == State::kAllocated) {
      ++counted.allocated_ranges;
      counted.allocated_bytes += range.size_bytes;
    } else {
      ++counted.free_ranges;
      const SizeKey key{range.size_bytes, range.base.value};
      FreeSizes::Place place;
      sound =
          sound && before != State::kFree && free_sizes_.FindLast(key, place) && place.key() == key;
    }
    before = state;
  });
  sound = sound && counted.allocated_ranges == allocated_ranges_ &&
          counted.allocated_bytes == allocated_bytes_ &&
          counted.free_ranges == free_sizes_.keys() && (!before || first == space_.base) &&
          allocated_ranges_ <= freeable_ranges_ &&
          nodes_.count() + free_sizes_.nodes() >= most_size_nodes_;
  if (!sound) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace mm
