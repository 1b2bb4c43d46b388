// The pages of two address spaces put through operations and compared after each with the fake of
// space_table_fake.h, page by page, with the kernel's pages beside them, and with memory that ends
// at any moment. The architectures bring a `Machine`:
//
//   using Policy, kRoot, kFeatures, kKernel, kKernelLevel
//                   a root, and what of it is the kernel's: whole entries of that level
//   kWindows        where the spaces' pages may lie
//
// and whoever makes them `Choices`: Below(limit), a number below `limit` each time. `Memory` is one
// for page tables with a FailurePoint called `failure`; its tables may all be in use.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include "kernel/base/bits.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/mm/tables/space_table_fake.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "kernel/mm/tables/user_pages.h"

namespace mm {

// A generator of our own, the same everywhere.
class TrialChoices {
 public:
  explicit TrialChoices(uint64_t seed) : state_(seed | 1) {}
  uint64_t Below(uint64_t limit) {
    // xorshift64 (Marsaglia, "Xorshift RNGs", 2003).
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return (state_ >> 16) % limit;
  }

 private:
  uint64_t state_;
};

// Whether pages on both sides of the border between two tables, in the middle of the machine's
// window 1, move down by as much as a table translates: the last come to where the first were,
// whose table has nothing else meanwhile.
template <class Machine, class Memory>
[[nodiscard]] bool MovesByOneTable(Memory& memory) {
  using Pages = UserPages<typename Machine::Policy, Memory>;
  constexpr uint64_t kSpan = base::Bit(Machine::Policy::Level(1).shift);
  auto kernel = *Pages::Table::Create(Machine::kRoot, Machine::kFeatures, memory);
  bool is_sound = true;
  {
    Pages pages = *Pages::Create(Machine::kRoot, kernel, memory);
    const VirtRange& window = Machine::kWindows[1];
    const VirtRange from{window.base + window.size_bytes / 2 - kPageSize, 2 * kPageSize};
    const VirtRange to{from.base - kSpan, from.size_bytes};
    const VirtAddr last = from.base + kPageSize;
    for (const VirtAddr va : {from.base, last}) {
      is_sound &= pages.MapPage(va, {.frame = {va.value >> kPageShift}}).has_value();
    }
    is_sound &= pages.MovePages(from, to.base).has_value() && pages.CheckInvariants().has_value();
    is_sound &= pages.PageAt(to.base)->frame == FrameContaining({from.base.value}) &&
                pages.PageAt(to.last())->frame == FrameContaining({last.value}) &&
                !pages.PageAt(last).has_value();
    pages.UnmapPages(to, [](VirtAddr, const UserPage&) {});
  }
  kernel.Release();
  return is_sound;
}

template <class Machine, class Memory, class Choices>
class UserPagesTrial {
 public:
  using Pages = UserPages<typename Machine::Policy, Memory>;
  using Table = typename Pages::Table;

  UserPagesTrial(Memory& memory, FakeTables& fakes, Choices& choices)
      : choices_(choices),
        memory_(memory),
        kernel_(*Table::Create(Machine::kRoot, Machine::kFeatures, memory)) {
    is_sound_ = kernel_.Map(KernelPage(), {0x10'0000}, kKernelData).has_value() &&
                kernel_.ShareEntries(Machine::kKernel, Machine::kKernelLevel).has_value();
    for (size_t index = 0; index < kSpaces; ++index) {
      auto pages = Pages::Create(Machine::kRoot, kernel_, memory);
      is_sound_ &= pages.has_value();
      if (!pages) continue;
      spaces_[index].emplace(*std::move(pages));
      spaces_[index]->SetAsid(Asid{static_cast<uint16_t>(index + 1)});
      models_[index].emplace(*FakeSpaceTable::Create(fakes));
    }
  }
  UserPagesTrial(const UserPagesTrial&) = delete;
  UserPagesTrial& operator=(const UserPagesTrial&) = delete;

  // One operation, compared.
  void Step() {
    index_ = static_cast<size_t>(choices_.Below(kSpaces));
    switch (choices_.Below(8)) {
      case 0:
      case 1:
      case 2:
        return Map();
      case 3:
        return Change();
      case 4:
        return Protect();
      case 5:
        return Unmap(ChooseRange());
      case 6:
        return Share();
      default:
        return Move();
    }
  }

  // Ends both; nothing but the kernel's tables may be left. With a space that retired before.
  void Finish() {
    for (size_t index = 0; index < kSpaces; ++index) {
      index_ = index;
      if (index == 0) {
        space().Retire();
        model().Retire();
      }
      if (index == 0) {
        UnmapRetired();
      } else {
        for (const VirtRange& window : Machine::kWindows) Unmap(window);
      }
      Expect(space().table_bytes() == EmptyBytes());
      spaces_[index].reset();
      models_[index].reset();
    }
    Expect(kernel_.CheckInvariants().has_value());
    kernel_.Release();
  }

  [[nodiscard]] bool IsSound() const { return is_sound_; }
  [[nodiscard]] size_t failures() const { return failures_; }
  [[nodiscard]] const Pages& space(size_t index) const { return *spaces_[index]; }
  [[nodiscard]] const FakeSpaceTable& model(size_t index) const { return *models_[index]; }
  [[nodiscard]] static Asid AsidOf(size_t index) { return {static_cast<uint16_t>(index + 1)}; }

  static constexpr size_t kSpaces = 2;

 private:
  static constexpr PageAttributes kKernelData{Access::kNone, Access::kReadWrite, Caching::kNormal,
                                              Scope::kGlobal};
  static constexpr std::array kAccesses = {Access::kNone, Access::kRead, Access::kReadWrite,
                                           Access::kReadExecute};

  static constexpr VirtRange KernelPage() { return {Machine::kKernel.base, kPageSize}; }
  Pages& space() { return *spaces_[index_]; }
  FakeSpaceTable& model() { return *models_[index_]; }
  void Expect(bool holds) { is_sound_ &= holds; }

  Access ChooseAccess() { return kAccesses[choices_.Below(kAccesses.size())]; }
  UserPage ChoosePage() {
    return {.frame = {choices_.Below(1 << 20)},
            .access = ChooseAccess(),
            .caching = Caching::kNormal,
            .note = static_cast<uint8_t>(choices_.Below(UserPage::kMaxNote + 1))};
  }
  VirtRange ChooseRange() {
    const VirtRange& window = Machine::kWindows[choices_.Below(std::size(Machine::kWindows))];
    const uint64_t pages = window.size_bytes / kPageSize;
    const uint64_t first = choices_.Below(pages);
    return {window.base + first * kPageSize, (1 + choices_.Below(pages - first)) * kPageSize};
  }
  VirtAddr ChooseAddress() { return ChooseRange().base + choices_.Below(kPageSize); }

  // The result of an operation on the space, of which one in eight runs out of memory at its first,
  // second or third table.
  template <class Operation>
  base::Result<> TryWithFailures(Operation operation) {
    if (choices_.Below(8) == 0) {
      memory_.failure.FailAllocation(static_cast<unsigned>(1 + choices_.Below(3)));
    }
    const base::Result<> result = operation();
    memory_.failure.FailNothing();
    if (!result && result.error() == base::Error::kOutOfMemory) ++failures_;
    return result;
  }
  // Whether it has run out of memory; else it ends as the model's.
  static bool Failed(const base::Result<>& result) {
    if (result) return false;
    return result.error() == base::Error::kOutOfMemory;
  }

  void Map() {
    const VirtAddr va = ChooseAddress();
    const UserPage page = ChoosePage();
    const auto vacancy = space().FindVacancy(va);
    if (vacancy && choices_.Below(2) == 0) {
      space().FillVacancy(*vacancy, page);
      Expect(model().MapPage(va, page).has_value());
      return Compare();
    }
    const base::Result<> result = TryWithFailures([&] { return space().MapPage(va, page); });
    if (!Failed(result)) Expect(model().MapPage(va, page) == result);
    Compare();
  }

  void Change() {
    const VirtAddr va = ChooseAddress();
    const std::optional<UserPage> old = model().PageAt(va);
    Expect(space().PageAt(va).has_value() == old.has_value());
    const auto place = space().FindPage(va);
    Expect(place.has_value() == old.has_value());
    if (!place || !old) return;
    Expect(IsSame(*old, space().PageIn(*place)));
    if (choices_.Below(2) == 0) {
      const Access access = ChooseAccess();
      space().ProtectPage(*place, access);
      model().ProtectPage(*model().FindPage(va), access);
    } else {
      const UserPage page = ChoosePage();
      space().ReplacePage(*place, page);
      model().ReplacePage(*model().FindPage(va), page);
    }
    Compare();
  }

  void Protect() {
    const VirtRange range = ChooseRange();
    const Access access = ChooseAccess();
    // Every second frame has another one.
    const auto access_of = [&](VirtAddr, const UserPage& page) {
      return page.frame.value % 2 == 0 ? access : Access::kRead;
    };
    TlbBatch batch = space().NewBatch();
    space().ProtectPages(range, batch, access_of);
    space().Flush(batch);
    TlbBatch of_model = model().NewBatch();
    model().ProtectPages(range, of_model, access_of);
    model().Flush(of_model);
    Compare();
  }

  void Unmap(const VirtRange& range) {
    std::array<VirtAddr, 64> released;
    size_t count = 0;
    space().UnmapPages(range, [&](VirtAddr va, const UserPage& page) {
      const auto known = model().PageAt(va);
      Expect(known && IsSame(*known, page) && count < released.size());
      if (count < released.size()) released[count++] = va;
    });
    size_t of_model = 0;
    model().UnmapPages(range, [&](VirtAddr va, const UserPage&) {
      Expect(of_model < count && released[of_model] == va);
      ++of_model;
    });
    Expect(of_model == count);
    Compare();
  }

  // All of it, from the lowest page up: each window in two parts, most of which share a table.
  void UnmapRetired() {
    std::array<VirtRange, 2 * std::size(Machine::kWindows)> parts;
    size_t count = 0;
    for (const VirtRange& window : Machine::kWindows) {
      const uint64_t lower_bytes = window.size_bytes / 2 + kPageSize;
      parts[count++] = {window.base, lower_bytes};
      parts[count++] = {window.base + lower_bytes, window.size_bytes - lower_bytes};
    }
    std::ranges::sort(parts, {}, &VirtRange::base);
    for (size_t i = 0; i < count; ++i) {
      const auto next = i + 1 < count ? std::optional(parts[i + 1].base) : std::nullopt;
      size_t released = 0;
      space().UnmapRetired(parts[i], next, [&](VirtAddr va, const UserPage& page) {
        const auto known = model().PageAt(va);
        Expect(known && IsSame(*known, page));
        ++released;
      });
      model().UnmapRetired(parts[i], next, [&](VirtAddr, const UserPage&) { --released; });
      Expect(released == 0);
    }
    // Not before: between two parts their table may be empty.
    Expect(space().CheckInvariants().has_value());
  }

  void Share() {
    const VirtRange range = ChooseRange();
    const size_t other = 1 - index_;
    Pages& to = *spaces_[other];
    FakeSpaceTable& to_model = *models_[other];
    const size_t from = std::exchange(index_, other);
    Unmap(range);
    index_ = from;
    const auto share = [](FrameNumber) -> base::Result<> { return {}; };
    TlbBatch batch = space().NewBatch();
    const base::Result<> result =
        TryWithFailures([&] { return space().SharePages(range, to, batch, share); });
    space().Flush(batch);
    TlbBatch of_model = model().NewBatch();
    if (!Failed(result)) {
      Expect(model().SharePages(range, to_model, of_model, share) == result);
    } else {
      // What was shared until then has the reduced access in both; the rest is as it was.
      model().ForEachPage(range, [&](VirtAddr va, const UserPage& page) {
        const auto shared = to.PageAt(va);
        const UserPage reduced{page.frame, Without(page.access, Access::kWrite), page.caching,
                               page.scope, page.note};
        if (!shared) return;
        Expect(IsSame(*shared, reduced) && to_model.MapPage(va, reduced).has_value());
      });
      to_model.ForEachPage(range, [&](VirtAddr va, const UserPage& page) {
        model().ProtectPage(*model().FindPage(va), page.access);
      });
    }
    model().Flush(of_model);
    Compare();
    index_ = other;
    Compare();
  }

  void Move() {
    const VirtRange range = ChooseRange();
    const VirtRange target{ChooseRange().base, range.size_bytes};
    bool is_free = !target.Overlaps(range);
    model().ForEachPage(target, [&](VirtAddr, const UserPage&) { is_free = false; });
    if (!is_free || !InOneWindow(target)) return;
    const base::Result<> result =
        TryWithFailures([&] { return space().MovePages(range, target.base); });
    if (!Failed(result)) Expect(model().MovePages(range, target.base) == result);
    Compare();
  }

  static bool InOneWindow(const VirtRange& range) {
    for (const VirtRange& window : Machine::kWindows) {
      if (window.Contains(range)) return true;
    }
    return false;
  }

  // A closed page does not know how it was cached, nor whose it was.
  static bool IsSame(const UserPage& one, const UserPage& other) {
    return one.frame == other.frame && one.access == other.access && one.note == other.note;
  }

  void Compare() {
    Expect(space().CheckInvariants().has_value() && kernel_.CheckInvariants().has_value());
    Expect(space().table().Translate(KernelPage().base) == PhysAddr{0x10'0000});
    size_t count = 0;
    for (const VirtRange& window : Machine::kWindows) {
      VirtAddr next = window.base;
      space().ForEachPage(window, [&](VirtAddr va, const UserPage& page) {
        const auto known = model().PageAt(va);
        Expect(known && IsSame(*known, page) && next <= va);
        const auto found = space().PageAt(va + 7);
        Expect(found && IsSame(*found, page));
        next = va + kPageSize;
        ++count;
      });
      model().ForEachPage(window, [&](VirtAddr, const UserPage&) { --count; });
    }
    Expect(count == 0);
  }

  static uint64_t EmptyBytes() {
    using P = typename Machine::Policy;
    uint64_t bytes = sizeof(typename P::Entry) << Machine::kRoot.index_bits;
    for (unsigned level = Machine::kKernelLevel; level < Machine::kRoot.level; ++level) {
      bytes += P::Level(level).table_bytes;
    }
    return bytes;
  }

  Choices& choices_;
  Memory& memory_;
  Table kernel_;
  std::array<std::optional<Pages>, kSpaces> spaces_;
  std::array<std::optional<FakeSpaceTable>, kSpaces> models_;
  size_t index_ = 0;  // the space in turn
  bool is_sound_ = true;
  size_t failures_ = 0;
};

}  // namespace mm
