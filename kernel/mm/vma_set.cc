#include "kernel/mm/vma_set.h"

#include <expected>
#include <memory>
#include <new>
#include <optional>

#include "kernel/base/check.h"

namespace mm {

void VmaSet::Count(VmaCounters& counters, const Vma& vma, Side side) {
  if (vma.liveness == Liveness::kDead) return;
  const PageCount pages = PagesIn(vma.range.size_bytes);
  const auto change = [&](PageCount& count) {
    side == Side::kAdd ? count += pages : count -= pages;
  };
  change(counters.total);
  if (vma.sharing == Sharing::kShared) change(counters.shared);
  if (vma.locked == Locked::kYes) change(counters.locked);
  if (vma.kind == VmaKind::kStack) change(counters.stack);
  if (Has(vma.access, Access::kExecute)) change(counters.executable);
}

// Not in the index yet.
base::Result<Vma*> VmaSet::Make(const VirtRange& range, const VmaTraits& traits) {
  auto* const vma = new (TRY(vmas_.Allocate())) Vma{traits, range, Liveness::kLive, {}};
  if (vma->object) {
    vma->view.viewer = &viewer_;
    vma->object->AddView(vma->view);
  }
  return vma;
}

// No longer in the index.
void VmaSet::Destroy(Vma& vma) {
  if (found_last_ == &vma) found_last_ = nullptr;
  if (vma.object) vma.object->RemoveView(vma.view);
  std::destroy_at(&vma);
  vmas_.Free(&vma);
}

base::Result<> VmaSet::AddApart(const VirtRange& range, const VmaTraits& traits) {
  if (index_.size() >= kMostAreas) return std::unexpected(base::Error::kOutOfMemory);
  Vma* const vma = TRY(Make(range, traits));
  const base::Result<> inserted = index_.Insert(range, vma);
  if (!inserted) {
    Destroy(*vma);
    return inserted;
  }
  Count(counters_, *vma, Side::kAdd);
  return {};
}

Vma* VmaSet::FindTouchingBelow(VirtAddr base) const {
  if (base.value == 0) return nullptr;
  return Find(base - 1);
}

VmaSet::Neighbours VmaSet::NeighboursOf(const VirtRange& range) const {
  Neighbours found;
  VmaIndex<Vma*>::Cursor cursor(index_, range.base);
  if (!cursor.IsOnRange()) {
    found.below = FindLastNotAbove(range.base);
    return found;
  }
  found.above = cursor.entry().value;
  cursor.Previous();
  if (cursor.IsOnRange()) found.below = cursor.entry().value;
  return found;
}

base::Result<> VmaSet::Add(const VirtRange& range, const VmaTraits& traits) {
  auto [below, above] = NeighboursOf(range);
  if (above != nullptr && above->range.base <= range.last()) {
    return std::unexpected(base::Error::kOverlap);
  }
  if (below != nullptr && !IsFollowedBy(below->range, range)) below = nullptr;
  if (above != nullptr && !IsFollowedBy(range, above->range)) above = nullptr;
  if (below != nullptr && below->liveness == Liveness::kLive) {
    const auto limit = JoinedLimit(*below, below->range.size_bytes, traits);
    if (limit) {
      TRY(Resize(*below, FromFirstToLast(below->range.base, range.last())));
      below->limit_bytes = *limit;
      if (above != nullptr && IsWhole(*below, *above)) Join(*below, *above);
      return {};
    }
  }
  if (above != nullptr && above->liveness == Liveness::kLive) {
    const auto limit = JoinedLimit(traits, range.size_bytes, *above);
    if (limit) {
      TRY(Resize(*above, FromFirstToLast(range.base, above->range.last())));
      above->offset_bytes = traits.offset_bytes;
      above->limit_bytes = *limit;
      return {};
    }
  }
  return AddApart(range, traits);
}

// Makes two of the area that contains `at` and the byte before it, if there is one.
base::Result<> VmaSet::CutAt(VirtAddr at) {
  Vma* const lower = Find(at);
  if (lower == nullptr || lower->range.base == at) return {};
  if (index_.size() >= kMostAreas) return std::unexpected(base::Error::kOutOfMemory);
  const uint64_t cut_bytes = at - lower->range.base;
  const VirtRange upper_range = FromFirstToLast(at, lower->range.last());
  Vma* const upper = TRY(Make(upper_range, WithoutFirst(*lower, cut_bytes)));
  upper->liveness = lower->liveness;
  const base::Result<> split = index_.Split(at, upper);
  if (!split) {
    Destroy(*upper);
    return split;
  }
  lower->range.size_bytes = cut_bytes;
  if (lower->liveness == Liveness::kDead) ++dead_;
  found_last_ = upper;  // what is cut off is what is changed
  return {};
}

base::Result<> VmaSet::Isolate(const VirtRange& range) {
  TRY(CutAt(range.base));
  const Vma* const vma = Find(range.base);
  if (vma != nullptr && vma->range.last() == range.last()) return {};
  if (range.last().value == ~uint64_t{0}) return {};
  const base::Result<> cut = CutAt(range.last() + 1);
  if (cut) return {};
  Vma* const below = FindTouchingBelow(range.base);
  Vma* const above = Find(range.base);
  if (below != nullptr && above != nullptr && IsWhole(*below, *above)) Join(*below, *above);
  return cut;
}

// Whether two areas that touch are one, cut in two.
bool VmaSet::IsWhole(const Vma& lower, const Vma& upper) {
  return lower.liveness == upper.liveness &&
         JoinedLimit(lower, lower.range.size_bytes, upper).has_value();
}

void VmaSet::Join(Vma& lower, Vma& upper) {
  lower.limit_bytes = *JoinedLimit(lower, lower.range.size_bytes, upper);
  CHECK(index_.MergeWithNext(lower.range.base) == &upper);
  lower.range = FromFirstToLast(lower.range.base, upper.range.last());
  if (lower.liveness == Liveness::kDead) --dead_;
  Destroy(upper);
}

void VmaSet::JoinAround(const VirtRange& range) {
  const VirtAddr from = range.base.value == 0 ? range.base : range.base - 1;
  VmaIndex<Vma*>::Cursor cursor(index_, from);
  Vma* lower = nullptr;
  for (; cursor.IsOnRange(); cursor.Next()) {
    Vma* const upper = cursor.entry().value;
    const bool touches = lower != nullptr && IsFollowedBy(lower->range, upper->range);
    const bool is_last = upper->range.last() > range.last();
    if (touches && IsWhole(*lower, *upper)) {
      Join(*lower, *upper);
    } else {
      lower = upper;
    }
    if (is_last) return;
  }
}

base::Result<> VmaSet::ReplaceAll(const VirtRange& range, const VmaTraits& traits) {
  Vma* const kept = FindFirstNotBelow(range.base);
  if (kept == nullptr || kept->range.base > range.last()) return Add(range, traits);
  // Down to the base while the others are there: a move that far may need memory. The rest does
  // not.
  TRY(index_.Resize(kept->range.base, FromFirstToLast(range.base, kept->range.last())));
  Count(counters_, *kept, Side::kRemove);
  if (kept->liveness == Liveness::kDead) --dead_;
  if (kept->object) kept->object->RemoveView(kept->view);
  kept->range = FromFirstToLast(range.base, kept->range.last());
  ForEachIn(range, [&](Vma& vma) {
    if (&vma != kept) Remove(vma);
  });
  CHECK(index_.Resize(range.base, range).has_value());
  static_cast<VmaTraits&>(*kept) = traits;
  kept->range = range;
  kept->liveness = Liveness::kLive;
  kept->view.viewer = &viewer_;
  if (kept->object) kept->object->AddView(kept->view);
  Count(counters_, *kept, Side::kAdd);
  JoinAround(range);
  return {};
}

base::Result<> VmaSet::CutOff(Vma& vma, const VirtRange& range) {
  if (vma.range == range) {
    Remove(vma);
    return {};
  }
  if (vma.range.last() == range.last()) {
    return Resize(vma, {vma.range.base, vma.range.size_bytes - range.size_bytes});
  }
  const VmaTraits rest = WithoutFirst(vma, range.size_bytes);
  TRY(Resize(vma, FromFirstToLast(range.last() + 1, vma.range.last())));
  vma.offset_bytes = rest.offset_bytes;
  vma.limit_bytes = rest.limit_bytes;
  return {};
}

void VmaSet::Remove(Vma& vma) {
  CHECK(index_.Erase(vma.range.base) == &vma);
  Count(counters_, vma, Side::kRemove);
  if (vma.liveness == Liveness::kDead) --dead_;
  Destroy(vma);
}

void VmaSet::Clear() {
  ForEach([this](Vma& vma) { Destroy(vma); });
  index_.Clear();
  counters_ = {};
  dead_ = 0;
}

base::Result<> VmaSet::Resize(Vma& vma, const VirtRange& range) {
  TRY(index_.Resize(vma.range.base, range));
  Change(vma, [&] { vma.range = range; });
  return {};
}

void VmaSet::SetLockedIn(const VirtRange& range, Locked locked) {
  ForEachIn(range, [&](Vma& vma) { Change(vma, [&] { vma.locked = locked; }); });
}

void VmaSet::SetDeadIn(const VirtRange& range) {
  ForEachIn(range, [&](Vma& vma) {
    if (vma.liveness == Liveness::kDead) return;
    Change(vma, [&] { vma.liveness = Liveness::kDead; });
    ++dead_;
  });
}

base::Result<> VmaSet::CheckInvariants() const {
  TRY(index_.CheckInvariants());
  VmaCounters counted;
  size_t dead = 0;
  const Vma* previous = nullptr;
  bool is_sound = true;
  VmaIndex<Vma*>::Cursor cursor(index_, VirtAddr{0});
  for (; cursor.IsOnRange(); cursor.Next()) {
    const Vma& vma = *cursor.entry().value;
    is_sound &= vma.range == cursor.entry().range;
    is_sound &= Has(vma.may, vma.access);
    is_sound &= vma.object || vma.sharing == Sharing::kPrivate;
    is_sound &= !vma.object || IsAligned(VirtAddr{vma.offset_bytes}, kPageSize);
    is_sound &= !vma.object || vma.view.viewer == &viewer_;
    if (previous != nullptr && previous->liveness == Liveness::kLive) {
      is_sound &= !IsFollowedBy(previous->range, vma.range) || !IsWhole(*previous, vma);
    }
    Count(counted, vma, Side::kAdd);
    if (vma.liveness == Liveness::kDead) ++dead;
    previous = &vma;
  }
  is_sound &= counted == counters_ && dead == dead_;
  if (!is_sound) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace mm
