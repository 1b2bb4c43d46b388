#include "kernel/mm/space/vma_set.h"

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
  if (vma.locked != Locked::kNo) change(counters.locked);
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
  if (vma.object) vma.object->RemoveView(vma.view);
  std::destroy_at(&vma);
  vmas_.Free(&vma);
}

// Mostly it is where the last change was, or beside it.
Vma* VmaSet::FindLastNotAbove(VirtAddr va) const {
  Vma* near = found_last_;
  if (near != nullptr && va < near->range.base) near = near->below;
  if (near != nullptr && near->range.base <= va) {
    Vma* const above = near->above;
    if (above == nullptr || va < above->range.base) return found_last_ = near;
    if (above->above == nullptr || va < above->above->range.base) return found_last_ = above;
  }
  Vma* const found = index_.FindToChange(va);
  if (found != nullptr) found_last_ = found;
  return found;
}

// Into the list, after `below`.
void VmaSet::Link(Vma& vma, Vma* below) {
  vma.below = below;
  vma.above = AboveOf(below);
  if (vma.above != nullptr) vma.above->below = &vma;
  (below != nullptr ? below->above : first_) = &vma;
}

void VmaSet::Unlink(Vma& vma) {
  if (vma.above != nullptr) vma.above->below = vma.below;
  (vma.below != nullptr ? vma.below->above : first_) = vma.above;
  if (found_last_ == &vma) found_last_ = vma.below;
}

// The new area comes after `below`.
base::Result<> VmaSet::AddBetween(Vma* below, const VirtRange& range, const VmaTraits& traits) {
  if (index_.size() >= kMostAreas) return std::unexpected(base::Error::kOutOfMemory);
  Vma* const vma = TRY(Make(range, traits));
  const base::Result<> inserted = index_.Insert(range, vma);
  if (!inserted) [[unlikely]] {
    Destroy(*vma);
    return inserted;
  }
  Link(*vma, below);
  found_last_ = vma;
  Count(counters_, *vma, Side::kAdd);
  return {};
}

base::Result<> VmaSet::AddApart(const VirtRange& range, const VmaTraits& traits) {
  return AddBetween(FindLastNotAbove(range.base), range, traits);
}

base::Result<> VmaSet::CopyFrom(const VmaSet& other) {
  CHECK(first_ == nullptr && other.dead_ == 0 && other.counters_.locked == PageCount{0});
  Vma* below = nullptr;
  const base::Result<> copied =
      index_.CopyFrom(other.index_, [&](const Vma* vma) -> base::Result<Vma*> {
        Vma* const copy = TRY(Make(vma->range, *vma));
        copy->below = below;
        (below != nullptr ? below->above : first_) = copy;
        return below = copy;
      });
  if (copied) {
    counters_ = other.counters_;
  } else {
    Clear();
  }
  return copied;
}

base::Result<> VmaSet::Add(const VirtRange& range, const VmaTraits& traits) {
  Vma* const below = FindLastNotAbove(range.base);
  Vma* const above = AboveOf(below);
  if ((below != nullptr && below->range.last() >= range.base) ||
      (above != nullptr && above->range.base <= range.last())) {
    return std::unexpected(base::Error::kOverlap);
  }
  if (below != nullptr && IsFollowedBy(below->range, range) && below->liveness == Liveness::kLive) {
    const auto limit = JoinedLimit(*below, below->range.size_bytes, traits);
    if (limit) {
      TRY(Resize(*below, FromFirstToLast(below->range.base, range.last())));
      below->limit_bytes = *limit;
      (void)JoinWithNext(*below);
      return {};
    }
  }
  if (above != nullptr && IsFollowedBy(range, above->range) && above->liveness == Liveness::kLive) {
    const auto limit = JoinedLimit(traits, range.size_bytes, *above);
    if (limit) {
      TRY(Resize(*above, FromFirstToLast(range.base, above->range.last())));
      above->offset_bytes = traits.offset_bytes;
      above->limit_bytes = *limit;
      return {};
    }
  }
  return AddBetween(below, range, traits);
}

// Makes two of an area that contains `at` and the byte before it; returns the upper one.
base::Result<Vma*> VmaSet::Cut(Vma& lower, VirtAddr at) {
  if (index_.size() >= kMostAreas) return std::unexpected(base::Error::kOutOfMemory);
  const uint64_t cut_bytes = at - lower.range.base;
  const VirtRange upper_range{at, lower.range.size_bytes - cut_bytes};
  Vma* const upper = TRY(Make(upper_range, WithoutFirst(lower, cut_bytes)));
  upper->liveness = lower.liveness;
  const base::Result<> split = index_.Split(at, upper);
  if (!split) [[unlikely]] {
    Destroy(*upper);
    return std::unexpected(split.error());
  }
  lower.range.size_bytes = cut_bytes;
  Link(*upper, &lower);
  if (lower.liveness == Liveness::kDead) ++dead_;
  return upper;
}

base::Result<Vma*> VmaSet::Isolate(const VirtRange& range) {
  const VirtAddr last = range.last();
  Vma* first = FindFirstNotBelow(range.base);
  if (first == nullptr || first->range.base > last) return nullptr;
  if (first->range.base < range.base) first = TRY(Cut(*first, range.base));
  Vma* const end = IsIn(first, last) ? first : FindLastNotAbove(last);
  if (end->range.size_bytes - 1 > last - end->range.base) {
    const base::Result<Vma*> cut = Cut(*end, last + 1);
    if (!cut) [[unlikely]] {
      if (first->below != nullptr) (void)JoinWithNext(*first->below);
      return cut;
    }
  }
  found_last_ = first;
  return first;
}

// Makes one of two areas that touch, if they are one cut in two; returns whether they are.
bool VmaSet::JoinWithNext(Vma& lower) {
  if (!IsFollowed(lower) || lower.liveness != lower.above->liveness) return false;
  Vma& upper = *lower.above;
  const auto limit = JoinedLimit(lower, lower.range.size_bytes, upper);
  if (!limit) return false;
  CHECK(index_.MergeWithNext(lower.range.base) == &upper);
  lower.limit_bytes = *limit;
  lower.range.size_bytes += upper.range.size_bytes;
  if (lower.liveness == Liveness::kDead) --dead_;
  Unlink(upper);
  Destroy(upper);
  return true;
}

void VmaSet::JoinAround(const VirtRange& range) {
  const VirtAddr last = range.last();
  Vma* lower = FindFirstNotBelow(range.base.value == 0 ? range.base : range.base - 1);
  while (lower != nullptr && lower->range.last() <= last) {
    if (!JoinWithNext(*lower)) lower = lower->above;
  }
}

base::Result<> VmaSet::ReplaceAll(const VirtRange& range, const VmaTraits& traits) {
  Vma* const kept = FindFirstNotBelow(range.base);
  if (kept == nullptr || kept->range.base > range.last()) return Add(range, traits);
  // Down to the base while the others are there: a move that far may need memory. The rest does
  // not.
  TRY(index_.Resize(kept->range.base, FromFirstToLast(range.base, kept->range.last())));
  NotePeak();
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
  Unlink(vma);
  NotePeak();
  Count(counters_, vma, Side::kRemove);
  if (vma.liveness == Liveness::kDead) --dead_;
  Destroy(vma);
}

void VmaSet::Clear() {
  ForEach([this](Vma& vma) { Destroy(vma); });
  index_.Clear();
  first_ = nullptr;
  found_last_ = nullptr;
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
  Vma* previous = nullptr;
  bool is_sound = true;
  VmaIndex<Vma*>::Cursor cursor(index_, VirtAddr{0});
  for (; cursor.IsOnRange(); cursor.Next()) {
    Vma& vma = *cursor.entry().value;
    is_sound &= vma.range == cursor.entry().range;
    is_sound &= vma.below == previous && &vma == AboveOf(previous);
    is_sound &= Has(vma.may, vma.access);
    is_sound &= vma.object || vma.sharing == Sharing::kPrivate;
    is_sound &= !vma.object || IsAligned(VirtAddr{vma.offset_bytes}, kPageSize);
    is_sound &= !vma.object || vma.view.viewer == &viewer_;
    if (previous != nullptr && previous->liveness == Liveness::kLive) {
      is_sound &= !IsFollowedBy(previous->range, vma.range) || vma.liveness == Liveness::kDead ||
                  !JoinedLimit(*previous, previous->range.size_bytes, vma);
    }
    Count(counted, vma, Side::kAdd);
    if (vma.liveness == Liveness::kDead) ++dead;
    previous = &vma;
  }
  is_sound &= AboveOf(previous) == nullptr && counted == counters_ && dead == dead_;
  if (!is_sound) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace mm
