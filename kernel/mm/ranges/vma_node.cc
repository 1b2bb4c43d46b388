#include "kernel/mm/ranges/vma_node.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernel/base/check.h"

namespace mm {

bool VmaLeaf::ReachesWithout(unsigned slot, PageIndex page) const {
  if (count_ == 1) return true;
  const PageIndex lowest = First(slot == 0 ? 1 : 0);
  const PageIndex highest = First(slot + 1 == count_ ? slot - 1 : count_ - 1);
  return std::max(page, highest) - std::min(page, lowest) <= kReach;
}

void VmaLeaf::Insert(unsigned slot, const PageSpan& span, uintptr_t value) {
  if (count_ == 0) {
    base_ = span.first;
  } else {
    MakeReach(span.first);
  }
  // Of the gaps, the one above the span is new, unless it belongs to another leaf.
  const unsigned added = slot == count_ ? slot : slot + 1;
  std::memmove(&slots_[slot + 1], &slots_[slot], (count_ - slot) * sizeof(VmaSlot));
  ++count_;
  NoteInsert(slot);
  slots_[slot].value = value;
  Place(slot, span);
  if (added == 0) return;
  gaps_.MakeRoom(added);
  const bool splits_gap = slot != 0 && added != slot;
  if (splits_gap && !gaps_.IsTracked(slot)) return;
  ChangeGap(added - 1);
  ChangeGap(added);
}

void VmaLeaf::NoteInsert(unsigned slot) {
  if (slot == newest_) {
    run_ = static_cast<int16_t>(run_ < 0 ? std::max(run_ - 1, -kRun) : -1);
  } else if (slot == newest_ + 1U) {
    run_ = static_cast<int16_t>(run_ > 0 ? std::min(run_ + 1, kRun) : 1);
  } else {
    run_ = 0;
  }
  newest_ = static_cast<uint16_t>(slot);
}

void VmaLeaf::Erase(unsigned slot) {
  --count_;
  std::memmove(&slots_[slot], &slots_[slot + 1], (count_ - slot) * sizeof(VmaSlot));
  slots_[count_] = kNoSlot;
  if (count_ == 0) return;
  if (slot == count_) last_ = base_ + slots_[count_ - 1].last;
  const unsigned joined = slot == count_ ? slot : slot + 1;
  gaps_.Join(joined);
  ChangeGap(joined - 1);
}

void VmaLeaf::SetSpan(unsigned slot, const PageSpan& span) {
  const PageSpan was = Span(slot);
  Place(slot, span);
  if (was.last == span.last) {
    if (slot != 0) ChangeGap(slot);
  } else if (was.first == span.first) {
    if (slot + 1 != count_) ChangeGap(slot + 1);
  } else {
    ScanGaps();
  }
}

void VmaLeaf::Split(unsigned slot, PageIndex at, uintptr_t upper) {
  MakeReach(at);
  const unsigned added = slot + 1;
  std::memmove(&slots_[added], &slots_[slot], (count_ - slot) * sizeof(VmaSlot));
  ++count_;
  NoteInsert(added);
  const auto distance = static_cast<uint32_t>(at - base_);
  slots_[slot].last = distance - 1;
  slots_[added].first = distance;
  slots_[added].value = upper;
  gaps_.MakeRoom(added);
}

void VmaLeaf::JoinWithNext(unsigned slot) {
  const unsigned joined = slot + 1;
  --count_;
  slots_[slot].last = slots_[joined].last;
  std::memmove(&slots_[joined], &slots_[joined + 1], (count_ - joined) * sizeof(VmaSlot));
  slots_[count_] = kNoSlot;
  gaps_.Join(joined);
}

void VmaLeaf::Place(unsigned slot, const PageSpan& span) {
  if (span.first < base_ || span.first - base_ > kReach) {
    // With another first page than this slot's, which is about to change.
    const PageIndex lowest = slot == 0 ? span.first : std::min(first(), span.first);
    slots_[slot].first = static_cast<uint32_t>(lowest - base_);
    Rebase(lowest);
  }
  slots_[slot].first = static_cast<uint32_t>(span.first - base_);
  if (slot + 1 == count_) {
    SetLast(span.last);
  } else {
    slots_[slot].last = static_cast<uint32_t>(span.last - base_);
  }
}

void VmaLeaf::SetLast(PageIndex last) {
  last_ = last;
  slots_[count_ - 1].last = static_cast<uint32_t>(std::min(last - base_, PageIndex{kFar}));
}

void VmaLeaf::MakeReach(PageIndex page) {
  if (page < base_ || page - base_ > kReach) Rebase(std::min(page, first()));
}

void VmaLeaf::Rebase(PageIndex base) {
  const auto shift = static_cast<uint32_t>(base_ - base);
  for (unsigned slot = 0; slot < count_; ++slot) {
    slots_[slot].first += shift;
    slots_[slot].last += shift;
  }
  base_ = base;
  SetLast(last_);
}

// Slots [to_slot, to_slot + count) become those of another leaf, with this one's distances.
void VmaLeaf::CopyFrom(const VmaLeaf& from, unsigned from_slot, unsigned to_slot, unsigned count) {
  const auto shift = static_cast<uint32_t>(from.base_ - base_);
  for (unsigned index = 0; index < count; ++index) {
    const VmaSlot& source = from.slots_[from_slot + index];
    slots_[to_slot + index] = {source.first + shift, source.last + shift, source.value};
  }
}

void VmaLeaf::Fill(unsigned first, unsigned count) { std::fill_n(&slots_[first], count, kNoSlot); }

void VmaLeaf::MoveUp(VmaLeaf& above, unsigned count) {
  CHECK(count != 0 && count <= count_ && above.count_ + count <= kSlots);
  const unsigned kept = count_ - count;
  if (above.count_ == 0) {
    above.base_ = First(kept);
    above.last_ = last_;
  } else {
    above.MakeReach(First(kept));
  }
  std::memmove(&above.slots_[count], &above.slots_[0], above.count_ * sizeof(VmaSlot));
  above.CopyFrom(*this, kept, 0, count);
  above.slots_[count - 1].last = static_cast<uint32_t>(last_ - above.base_);
  above.count_ += count;
  above.newest_ += static_cast<uint16_t>(count);
  above.SetLast(above.last_);
  Fill(kept, count);
  count_ = kept;
  above.ScanGaps();
  if (kept == 0) return;
  last_ = base_ + slots_[kept - 1].last;
  ScanGaps();
}

void VmaLeaf::MoveDown(VmaLeaf& above, unsigned count) {
  CHECK(count != 0 && count <= above.count_ && count_ + count <= kSlots);
  const PageIndex last = above.Last(count - 1);
  if (count_ == 0) {
    base_ = above.first();
  } else {
    MakeReach(above.First(count - 1));
  }
  CopyFrom(above, 0, count_, count);
  count_ += count;
  SetLast(last);
  above.count_ -= count;
  std::memmove(&above.slots_[0], &above.slots_[count], above.count_ * sizeof(VmaSlot));
  above.Fill(above.count_, count);
  above.newest_ -= static_cast<uint16_t>(std::min<unsigned>(above.newest_, count));
  ScanGaps();
  if (above.count_ != 0) above.ScanGaps();
}

void VmaLeaf::Reset() {
  CHECK(count_ == 1);
  count_ = 0;
  slots_[0] = kNoSlot;
  gaps_ = {};
  newest_ = 0;
  run_ = 0;
}

void VmaLeaf::PutAfter(VmaLeaf& leaf) {
  next_ = leaf.next_;
  previous_ = &leaf;
  if (next_ != nullptr) next_->previous_ = this;
  leaf.next_ = this;
}

void VmaLeaf::PutBefore(VmaLeaf& leaf) {
  next_ = &leaf;
  previous_ = leaf.previous_;
  if (previous_ != nullptr) previous_->next_ = this;
  leaf.previous_ = this;
}

void VmaLeaf::Unlink() {
  if (next_ != nullptr) next_->previous_ = previous_;
  if (previous_ != nullptr) previous_->next_ = next_;
}

bool VmaLeaf::IsSound() const {
  if (count_ == 0 || count_ > kSlots || last_ >= kPageLimit || last_ != Last(count_ - 1))
    return false;
  for (unsigned slot = 0; slot < count_; ++slot) {
    const bool is_last = slot + 1 == count_;
    if (slots_[slot].first > kReach || First(slot) > Last(slot)) return false;
    if (!is_last && (slots_[slot].last == kFar || Last(slot) >= First(slot + 1))) return false;
  }
  if (!gaps_.IsRight(count_, [this](unsigned slot) { return GapBefore(slot); })) return false;
  return std::all_of(&slots_[count_], &slots_[kSlots], [](const VmaSlot& slot) {
    return slot.first == kNoSlot.first && slot.last == kNoSlot.last;
  });
}

void VmaInner::set_gap(unsigned slot, PageIndex pages) {
  const PageIndex was = gaps_[slot];
  const PageIndex little = largest_.others() / kMuchLess;
  gaps_[slot] = pages;
  if (was > little && pages <= little) {
    ScanGaps();
  } else {
    largest_.Change(slot, count_, GapIn{gaps_});
  }
}

void VmaInner::ScanGaps() { largest_.Scan(count_, GapIn{gaps_}); }

void VmaInner::Fill(unsigned first, unsigned count) {
  std::fill_n(&firsts_[first], count, kNoPage);
}

bool VmaInner::IsSound() const {
  return largest_.IsRight(count_, GapIn{gaps_}) &&
         std::all_of(&firsts_[count_], &firsts_[kSlots],
                     [](PageIndex page) { return page == kNoPage; });
}

void VmaInner::Shift(unsigned from, unsigned to, unsigned count) {
  std::memmove(&firsts_[to], &firsts_[from], count * sizeof(firsts_[0]));
  std::memmove(&gaps_[to], &gaps_[from], count * sizeof(gaps_[0]));
  std::memmove(&children_[to], &children_[from], count * sizeof(children_[0]));
}

void VmaInner::CopyFrom(const VmaInner& from, unsigned from_slot, unsigned to_slot,
                        unsigned count) {
  std::copy_n(&from.firsts_[from_slot], count, &firsts_[to_slot]);
  std::copy_n(&from.gaps_[from_slot], count, &gaps_[to_slot]);
  std::copy_n(&from.children_[from_slot], count, &children_[to_slot]);
}

void VmaInner::Insert(unsigned slot, const Child& child) {
  CHECK(!IsFull());
  if (slot < count_) Shift(slot, slot + 1, count_ - slot);
  ++count_;
  firsts_[slot] = child.first;
  gaps_[slot] = child.gap;
  children_[slot] = child.node;
  ScanGaps();
}

void VmaInner::Erase(unsigned slot) {
  --count_;
  if (slot < count_) Shift(slot + 1, slot, count_ - slot);
  firsts_[count_] = kNoPage;
  if (count_ != 0) ScanGaps();
}

void VmaInner::MoveUp(VmaInner& above, unsigned count) {
  const unsigned kept = count_ - count;
  above.Shift(0, count, above.count_);
  above.CopyFrom(*this, kept, 0, count);
  above.count_ += count;
  count_ = kept;
  Fill(kept, count);
  ScanGaps();
  above.ScanGaps();
}

void VmaInner::MoveDown(VmaInner& above, unsigned count) {
  CopyFrom(above, 0, count_, count);
  count_ += count;
  above.count_ -= count;
  above.Shift(count, 0, above.count_);
  above.Fill(above.count_, count);
  ScanGaps();
  if (above.count_ != 0) above.ScanGaps();
}

}  // namespace mm
