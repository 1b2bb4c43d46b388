#include "kernel/mm/tables/tlb_batch.h"

#include "kernel/base/bits.h"

namespace mm {

TlbBatch& TlbBatch::operator=(TlbBatch&& other) noexcept {
  CHECK(IsEmpty());
  asid_ = other.asid_;
  reach_ = std::exchange(other.reach_, TlbReach::kNothing);
  holds_global_ = std::exchange(other.holds_global_, false);
  stretch_count_ = std::exchange(other.stretch_count_, 0);
  page_count_ = std::exchange(other.page_count_, 0);
  retired_count_ = std::exchange(other.retired_count_, 0);
  retired_ = other.retired_;
  stretches_ = other.stretches_;
  return *this;
}

namespace {

// One page, mostly: a 32-bit processor divides 64 bits in 50 instructions.
uint64_t CountPages(const VirtRange& range, uint64_t page_bytes) {
  if (range.size_bytes <= page_bytes) return 1;
  return base::DivideRoundUp(range.size_bytes, page_bytes);
}

}  // namespace

void TlbBatch::AddPages(const VirtRange& range, uint64_t page_bytes, Scope scope) {
  if (range.IsEmpty()) return;
  if (scope == Scope::kGlobal) holds_global_ = true;
  if (reach_ == TlbReach::kNothing) reach_ = TlbReach::kPages;
  if (reach_ != TlbReach::kPages) return Widen();  // a global page may have come
  if (Extend(range, page_bytes)) return;
  page_count_ += CountPages(range, page_bytes);
  if (page_count_ > kMaxPages || stretch_count_ == kMaxStretches) return Widen();
  stretches_[stretch_count_++] = {range, page_bytes};
}

// Whether a stretch has these pages already, or could be made to have them.
bool TlbBatch::Extend(const VirtRange& range, uint64_t page_bytes) {
  for (uint32_t i = 0; i < stretch_count_; ++i) {
    TlbStretch& stretch = stretches_[i];
    if (stretch.page_bytes > page_bytes) continue;
    if (stretch.range.Contains(range)) return true;
    if (stretch.page_bytes != page_bytes) continue;
    const bool before = IsFollowedBy(range, stretch.range);
    if (!before && !IsFollowedBy(stretch.range, range)) continue;
    page_count_ += CountPages(range, page_bytes);
    if (page_count_ > kMaxPages) {
      Widen();
      return true;
    }
    if (before) stretch.range.base = range.base;
    stretch.range.size_bytes += range.size_bytes;
    return true;
  }
  return false;
}

void TlbBatch::Widen() {
  const bool everything = holds_global_ || asid_ == kEveryAsid;
  reach_ = everything ? TlbReach::kEverything : TlbReach::kAddressSpace;
}

void TlbBatch::AddTable(PhysAddr pa, uint64_t bytes, void* table_ptr) {
  CHECK(reach_ != TlbReach::kNothing);
  CHECK(pa.value % 4 == 0 && bytes % 4 == 0 && bytes >= sizeof(RetiredTable));
  const RetiredTable link = {.next = retired_.value, .bytes = bytes};
  std::memcpy(table_ptr, &link, sizeof(link));
  retired_ = pa;
  ++retired_count_;
}

}  // namespace mm
