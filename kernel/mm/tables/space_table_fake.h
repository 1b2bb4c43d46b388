// Page tables of address spaces for tests, on the host and in the kernels: an array of pages each,
// and a processor that remembers every translation until it is told to forget it.
//
//   FakeTables& tables = NewFakeTables();
//   FakeSpaceTable table = *FakeSpaceTable::Create(tables);
//   ...
//   tables.failure.FailAllocation(1);            // the next table of the hardware's is not to be
//   had tables.Access(table, va, AccessKind::kWrite) // the frame that a processor reaches, as it
//   remembers
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/fault_info.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/space_table.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "kernel/mm/tables/tlb_work.h"
#include "kernel/mm/test_failures.h"

namespace mm {

class FakeSpaceTable;

// What all tables of a test share: their memory and the processor. Large: see NewFakeTables().
class FakeTables {
 public:
  static constexpr size_t kMaxTables = 8;
  static constexpr size_t kMaxPages = 2048;           // of one table
  static constexpr uint64_t kBlockBytes = 2 << 20;    // what one table of the hardware maps
  static constexpr uint64_t kTableBytes = kPageSize;  // and its size

  FakeTables() = default;
  FakeTables(const FakeTables&) = delete;
  FakeTables& operator=(const FakeTables&) = delete;

  // A user's access through `table`: the frame reached, or nothing for a fault. What the processor
  // remembers of an earlier one counts, and a fault makes it forget the page.
  [[nodiscard]] std::optional<FrameNumber> Access(const FakeSpaceTable& table, VirtAddr va,
                                                  AccessKind kind);

  [[nodiscard]] size_t tables_in_use() const {
    return static_cast<size_t>(
        std::ranges::count_if(storages_, [](const Storage& one) { return one.in_use; }));
  }

  // For TlbBatch::Flush().
  void Invalidate(const TlbWork& work) {
    for (Cached& cached : cached_) {
      if (cached.asid == kEveryAsid) continue;
      if (work.asid != kEveryAsid && work.asid != cached.asid) continue;
      const bool hit = work.reach != TlbReach::kPages ||
                       std::ranges::any_of(work.stretches, [&](const TlbStretch& stretch) {
                         return stretch.range.Contains(cached.va);
                       });
      if (hit) cached.asid = kEveryAsid;
    }
  }
  void* Pointer(PhysAddr) { return nullptr; }
  void FreeTable(PhysAddr, uint64_t) {}

  FailurePoint failure;

 private:
  friend class FakeSpaceTable;

  struct Slot {
    VirtAddr va;
    UserPage page;
  };
  struct Storage {
    bool in_use = false;
    size_t count = 0;
    std::array<Slot, kMaxPages> slots;  // ascending
  };
  struct Cached {
    Asid asid = kEveryAsid;  // nothing
    VirtAddr va;
    UserPage page;
  };

  [[nodiscard]] static bool Grants(const UserPage& page, AccessKind kind) {
    switch (kind) {
      case AccessKind::kRead:
        return Has(page.access, mm::Access::kRead);
      case AccessKind::kWrite:
        return Has(page.access, mm::Access::kWrite);
      case AccessKind::kExecute:
        return Has(page.access, mm::Access::kExecute);
    }
    return false;
  }

  std::array<Storage, kMaxTables> storages_;
  std::array<Cached, 64> cached_;
  size_t next_cached_ = 0;
};

// A mm::SpaceTable.
class FakeSpaceTable {
 public:
  [[nodiscard]] static base::Result<FakeSpaceTable> Create(FakeTables& tables) {
    if (tables.failure.MustFail()) return std::unexpected(base::Error::kOutOfMemory);
    for (size_t index = 0; index < FakeTables::kMaxTables; ++index) {
      FakeTables::Storage& storage = tables.storages_[index];
      if (storage.in_use) continue;
      storage.in_use = true;
      storage.count = 0;
      return FakeSpaceTable(tables, storage, Asid{static_cast<uint16_t>(index)});
    }
    return std::unexpected(base::Error::kOutOfMemory);
  }

  FakeSpaceTable(FakeSpaceTable&& other) noexcept
      : tables_(other.tables_),
        storage_(std::exchange(other.storage_, nullptr)),
        asid_(other.asid_),
        is_retired_(other.is_retired_) {}
  FakeSpaceTable& operator=(FakeSpaceTable&&) = delete;
  ~FakeSpaceTable() {
    if (storage_ == nullptr) return;
    CHECK(storage_->count == 0);
    storage_->in_use = false;
    tables_.Invalidate({.reach = TlbReach::kAddressSpace, .asid = asid_});
  }

  [[nodiscard]] base::Result<> MapPage(VirtAddr va, const UserPage& page) {
    CHECK(IsUserAccess(page.access) && page.note <= UserPage::kMaxNote);
    const VirtAddr base = AlignDown(va, kPageSize);
    Slot* const slot = LowerBound(base);
    if (slot != End() && slot->va == base) return std::unexpected(base::Error::kAlreadyExists);
    if (!HasBlock(base) && tables_.failure.MustFail()) {
      return std::unexpected(base::Error::kOutOfMemory);
    }
    Insert(slot, {base, page});
    return {};
  }

  // By its address: who uses a place of a page that has gone is found out.
  struct Place {
    VirtAddr va;
  };

  [[nodiscard]] std::optional<Place> FindVacancy(VirtAddr va) {
    const VirtAddr base = AlignDown(va, kPageSize);
    if (!HasBlock(base) || Find(base) != nullptr) return std::nullopt;
    return Place{base};
  }
  void FillVacancy(const Place& place, const UserPage& page) {
    CHECK(HasBlock(AlignDown(place.va, kPageSize)) && MapPage(place.va, page).has_value());
  }

  [[nodiscard]] std::optional<Place> FindPage(VirtAddr va) {
    if (Find(va) == nullptr) return std::nullopt;
    return Place{va};
  }
  [[nodiscard]] UserPage PageIn(const Place& place) const {
    const std::optional<UserPage> page = PageAt(place.va);
    CHECK(page.has_value());
    return *page;
  }

  void ReplacePage(const Place& place, const UserPage& page) {
    CHECK(IsUserAccess(page.access) && page.note <= UserPage::kMaxNote);
    Slot* const slot = Find(place.va);
    CHECK(slot != nullptr);
    slot->page = page;
    Forget({slot->va, kPageSize});
  }

  void ProtectPage(const Place& place, Access access) {
    CHECK(IsUserAccess(access));
    Slot* const slot = Find(place.va);
    CHECK(slot != nullptr);
    // A page that only has more rights may fault once more.
    const bool only_adds = Has(access, slot->page.access);
    slot->page.access = access;
    if (!only_adds) Forget({slot->va, kPageSize});
  }

  [[nodiscard]] std::optional<UserPage> PageAt(VirtAddr va) const {
    const Slot* const slot = Find(va);
    if (slot == nullptr) return std::nullopt;
    return slot->page;
  }

  template <class Visit>
  void ForEachPage(const VirtRange& range, Visit&& visit) const {
    for (const Slot& slot : In(range)) visit(slot.va, std::as_const(slot.page));
  }

  template <class AccessOf>
  void ProtectPages(const VirtRange& range, TlbBatch& batch, AccessOf&& access_of) {
    for (Slot& slot : In(range)) {
      const Access access = access_of(slot.va, std::as_const(slot.page));
      CHECK(IsUserAccess(access));
      SetAccess(slot, access, batch);
    }
  }

  template <class Release>
  void UnmapPages(const VirtRange& range, Release&& release) {
    const std::span<Slot> gone = In(range);
    if (gone.empty()) return;
    Forget(range);
    for (const Slot& slot : gone) release(slot.va, std::as_const(slot.page));
    std::move(gone.data() + gone.size(), End(), gone.data());
    storage_->count -= gone.size();
  }

  template <class Release>
  void UnmapRetired(const VirtRange& range, std::optional<VirtAddr> next, Release&& release) {
    CHECK(is_retired_ && (!next || *next > range.last()));
    CHECK(storage_->count == 0 || range.base <= storage_->slots[0].va);
    UnmapPages(range, std::forward<Release>(release));
    CHECK(storage_->count == 0 || (next && *next <= storage_->slots[0].va));
  }

  template <class Share>
  [[nodiscard]] base::Result<> SharePages(const VirtRange& range, FakeSpaceTable& to,
                                          TlbBatch& batch, Share&& share) {
    for (Slot& slot : In(range)) {
      if (!to.HasBlock(slot.va) && tables_.failure.MustFail()) {
        return std::unexpected(base::Error::kOutOfMemory);
      }
      TRY(share(slot.page.frame));
      SetAccess(slot, Without(slot.page.access, Access::kWrite), batch);
      Slot* const place = to.LowerBound(slot.va);
      CHECK(place == to.End() || place->va != slot.va);
      to.Insert(place, slot);
    }
    return {};
  }

  [[nodiscard]] base::Result<> MovePages(const VirtRange& range, VirtAddr to) {
    const VirtRange target{to, range.size_bytes};
    CHECK(In(target).empty() && !target.Overlaps(range));
    for (uint64_t at = 0; at < range.size_bytes; at += kPageSize) {
      if (Find(range.base + at) == nullptr || HasBlock(to + at)) continue;
      if (tables_.failure.MustFail()) return std::unexpected(base::Error::kOutOfMemory);
    }
    for (uint64_t at = 0; at < range.size_bytes; at += kPageSize) {
      Slot* const slot = Find(range.base + at);
      if (slot == nullptr) continue;
      const UserPage page = slot->page;
      std::move(slot + 1, End(), slot);
      --storage_->count;
      Insert(LowerBound(to + at), {to + at, page});
    }
    Forget(range);
    return {};
  }

  [[nodiscard]] TlbBatch NewBatch() const { return TlbBatch(asid_); }
  void Flush(TlbBatch& batch) {
    CHECK(batch.asid() == asid_);
    batch.Flush(tables_);
  }
  [[nodiscard]] base::Result<FakeSpaceTable> CreateEmpty() const { return Create(tables_); }
  void Retire() {
    is_retired_ = true;
    tables_.Invalidate({.reach = TlbReach::kAddressSpace, .asid = asid_});
  }

  // One for the root, and one for each block with a page.
  [[nodiscard]] uint64_t table_bytes() const {
    uint64_t blocks = 0;
    VirtAddr last_block{~uint64_t{0}};
    for (const Slot& slot : std::span(storage_->slots).first(storage_->count)) {
      const VirtAddr block = AlignDown(slot.va, FakeTables::kBlockBytes);
      if (block != last_block) ++blocks;
      last_block = block;
    }
    return (blocks + 1) * FakeTables::kTableBytes;
  }

  [[nodiscard]] base::Result<> CheckInvariants() const {
    const auto slots = std::span(storage_->slots).first(storage_->count);
    for (size_t i = 0; i < slots.size(); ++i) {
      const bool ascends = i == 0 || slots[i - 1].va < slots[i].va;
      if (!ascends || !IsAligned(slots[i].va, kPageSize) || !IsUserAccess(slots[i].page.access)) {
        return std::unexpected(base::Error::kCorrupt);
      }
    }
    return {};
  }

 private:
  friend class FakeTables;
  using Slot = FakeTables::Slot;

  FakeSpaceTable(FakeTables& tables, FakeTables::Storage& storage, Asid asid)
      : tables_(tables), storage_(&storage), asid_(asid) {}

  [[nodiscard]] Slot* End() const { return storage_->slots.data() + storage_->count; }
  [[nodiscard]] Slot* LowerBound(VirtAddr va) const {
    const auto slots = std::span(storage_->slots).first(storage_->count);
    return slots.data() + (std::ranges::lower_bound(slots, va, {}, &Slot::va) - slots.begin());
  }
  [[nodiscard]] Slot* Find(VirtAddr va) const {
    Slot* const slot = LowerBound(AlignDown(va, kPageSize));
    return slot != End() && slot->va == AlignDown(va, kPageSize) ? slot : nullptr;
  }
  [[nodiscard]] std::span<Slot> In(const VirtRange& range) const {
    if (range.IsEmpty()) return {};
    Slot* const first = LowerBound(range.base);
    Slot* last = first;
    while (last != End() && last->va <= range.last()) ++last;
    return {first, last};
  }
  [[nodiscard]] bool HasBlock(VirtAddr va) const {
    return !In({AlignDown(va, FakeTables::kBlockBytes), FakeTables::kBlockBytes}).empty();
  }
  void Insert(Slot* place, const Slot& slot) {
    CHECK(storage_->count < FakeTables::kMaxPages);
    const Slot copy = slot;
    std::move_backward(place, End(), End() + 1);
    *place = copy;
    ++storage_->count;
  }
  static void SetAccess(Slot& slot, Access access, TlbBatch& batch) {
    if (slot.page.access == access) return;
    slot.page.access = access;
    batch.AddPages({slot.va, kPageSize}, kPageSize, Scope::kProcess);
  }
  void Forget(const VirtRange& range) {
    if (is_retired_) return;
    const TlbStretch stretch{range};
    tables_.Invalidate({TlbReach::kPages, asid_, std::span(&stretch, 1)});
  }

  FakeTables& tables_;
  FakeTables::Storage* storage_;
  Asid asid_;
  bool is_retired_ = false;
};

static_assert(SpaceTable<FakeSpaceTable>);

inline std::optional<FrameNumber> FakeTables::Access(const FakeSpaceTable& table, VirtAddr va,
                                                     AccessKind kind) {
  CHECK(!table.is_retired_);
  const VirtAddr base = AlignDown(va, kPageSize);
  const auto is_hit = [&](const Cached& cached) {
    return cached.asid == table.asid_ && cached.va == base;
  };
  auto cached = std::ranges::find_if(cached_, is_hit);
  if (cached == cached_.end()) {
    const std::optional<UserPage> page = table.PageAt(base);
    if (!page || page->access == mm::Access::kNone) return std::nullopt;
    cached = cached_.begin() + static_cast<std::ptrdiff_t>(next_cached_);
    next_cached_ = (next_cached_ + 1) % cached_.size();
    *cached = {table.asid_, base, *page};
  }
  if (Grants(cached->page, kind)) return cached->page.frame;
  cached->asid = kEveryAsid;
  return std::nullopt;
}

// Too large for a kernel's stack, and for a kernel's image to have several.
alignas(FakeTables) inline std::array<std::byte, sizeof(FakeTables)> fake_tables_storage;

// New ones, in place of those that the test before had: nobody uses them any more.
[[nodiscard]] inline FakeTables& NewFakeTables() {
  return *new (fake_tables_storage.data()) FakeTables;
}

}  // namespace mm
