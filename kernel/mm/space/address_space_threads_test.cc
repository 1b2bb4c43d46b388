// Several processors in one address space: faults that race, mappings that change under them,
// clones, and an object that is cut while spaces that show it end. For TSan, above all.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/fault_info.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/address_space.h"
#include "kernel/mm/space/paged_object.h"
#include "kernel/mm/space/space_request.h"
#include "kernel/mm/space/space_world.h"
#include "kernel/mm/tables/space_table.h"
#include "kernel/mm/tables/space_table_fake.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "kernel/mm/test_failures.h"
#include "kernel/sync/cpu.h"
#include "kernel/sync/spin_lock.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

constexpr unsigned kThreads = 4;

// The fake's processor and its memory are of one thread at a time. A table is of whoever holds its
// space's lock, and that is what is tested: TSan sees `changes_`.
class SharedTable {
 private:
  template <class Use>
  auto Change(Use&& use) {
    ++changes_;
    const locking::SpinLockHolder holder(lock_);
    return use(*table_);
  }
  template <class Use>
  auto Look(Use&& use) {
    const locking::SpinLockHolder holder(lock_);
    return use(*table_);
  }
  template <class Use>
  auto Look(Use&& use) const {
    const locking::SpinLockHolder holder(lock_);
    return use(std::as_const(*table_));
  }

 public:
  using Place = FakeSpaceTable::Place;

  SharedTable(FakeSpaceTable&& table, locking::SpinLock& lock)
      : table_(std::move(table)), lock_(lock) {}
  SharedTable(SharedTable&& other) noexcept
      : table_(std::move(other.table_)), lock_(other.lock_), changes_(other.changes_) {}
  SharedTable& operator=(SharedTable&&) = delete;
  ~SharedTable() {
    const locking::SpinLockHolder holder(lock_);
    table_.reset();
  }

  [[nodiscard]] base::Result<> MapPage(VirtAddr va, const UserPage& page) {
    return Change([&](FakeSpaceTable& table) { return table.MapPage(va, page); });
  }
  [[nodiscard]] std::optional<Place> FindVacancy(VirtAddr va) {
    return Look([&](FakeSpaceTable& table) { return table.FindVacancy(va); });
  }
  void FillVacancy(const Place& place, const UserPage& page) {
    Change([&](FakeSpaceTable& table) { table.FillVacancy(place, page); });
  }
  [[nodiscard]] std::optional<Place> FindPage(VirtAddr va) {
    return Look([&](FakeSpaceTable& table) { return table.FindPage(va); });
  }
  [[nodiscard]] UserPage PageIn(const Place& place) const {
    return Look([&](const FakeSpaceTable& table) { return table.PageIn(place); });
  }
  void ReplacePage(const Place& place, const UserPage& page) {
    Change([&](FakeSpaceTable& table) { table.ReplacePage(place, page); });
  }
  void ProtectPage(const Place& place, Access access) {
    Change([&](FakeSpaceTable& table) { table.ProtectPage(place, access); });
  }
  [[nodiscard]] std::optional<UserPage> PageAt(VirtAddr va) const {
    return Look([&](const FakeSpaceTable& table) { return table.PageAt(va); });
  }

  template <class Visit>
  void ForEachPage(const VirtRange& range, Visit&& visit) const {
    Look([&](const FakeSpaceTable& table) { table.ForEachPage(range, visit); });
  }
  template <class AccessOf>
  void ProtectPages(const VirtRange& range, TlbBatch& batch, AccessOf&& access_of) {
    Change([&](FakeSpaceTable& table) { table.ProtectPages(range, batch, access_of); });
  }
  template <class Release>
  void UnmapPages(const VirtRange& range, Release&& release) {
    Change([&](FakeSpaceTable& table) { table.UnmapPages(range, release); });
  }
  template <class Release>
  void UnmapRetired(const VirtRange& range, std::optional<VirtAddr> next, Release&& release) {
    Change([&](FakeSpaceTable& table) { table.UnmapRetired(range, next, release); });
  }
  template <class Share>
  [[nodiscard]] base::Result<> SharePages(const VirtRange& range, SharedTable& to, TlbBatch& batch,
                                          Share&& share) {
    return Change(
        [&](FakeSpaceTable& table) { return table.SharePages(range, *to.table_, batch, share); });
  }
  [[nodiscard]] base::Result<> MovePages(const VirtRange& range, VirtAddr to) {
    return Change([&](FakeSpaceTable& table) { return table.MovePages(range, to); });
  }

  [[nodiscard]] TlbBatch NewBatch() const { return table_->NewBatch(); }
  void Flush(TlbBatch& batch) {
    Change([&](FakeSpaceTable& table) { table.Flush(batch); });
  }
  [[nodiscard]] base::Result<SharedTable> CreateEmpty() const {
    auto made = Look([](const FakeSpaceTable& table) { return table.CreateEmpty(); });
    if (!made) return std::unexpected(made.error());
    return SharedTable(std::move(*made), lock_);
  }
  void Retire() {
    Change([](FakeSpaceTable& table) { table.Retire(); });
  }
  [[nodiscard]] uint64_t table_bytes() const {
    return Look([](const FakeSpaceTable& table) { return table.table_bytes(); });
  }
  [[nodiscard]] base::Result<> CheckInvariants() const {
    return Look([](const FakeSpaceTable& table) { return table.CheckInvariants(); });
  }

 private:
  std::optional<FakeSpaceTable> table_;
  locking::SpinLock& lock_;
  uint64_t changes_ = 0;
};

static_assert(SpaceTable<SharedTable>);

class SharedTables {
 public:
  using Table = SharedTable;

  explicit SharedTables(TrialMemory&) {}

  [[nodiscard]] base::Result<Table> Create() {
    return SharedTable(TRY(FakeSpaceTable::Create(tables_)), lock_);
  }
  [[nodiscard]] size_t tables_in_use() const { return tables_.tables_in_use(); }
  [[nodiscard]] FailurePoint* failure() { return nullptr; }

 private:
  FakeTables& tables_ = NewFakeTables();
  locking::SpinLock lock_;
};

using World = SpaceWorldWith<SharedTables>;
using Space = World::Space;

constexpr size_t kPages = 12;       // that threads quarrel about
constexpr size_t kObjectPages = 4;  // the last of them can show the object
constexpr VirtAddr kBase{uint64_t{16} << 20};

VirtRange Pages(size_t first, size_t count) {
  return {kBase + first * kPageSize, count * kPageSize};
}

template <class Work>
void OnAllProcessors(Work work) {
  std::array<std::thread, kThreads> threads;
  for (unsigned i = 0; i < kThreads; ++i) {
    threads[i] = std::thread([i, &work] {
      const locking::ThreadAsCpu cpu(i);
      work(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// What a thread does next, by its own dice.
class Quarrel {
 public:
  Quarrel(Space& space, PagedObject& object, unsigned seed)
      : space_(space), object_(object), dice_(seed) {}

  // Of all of them.
  static constexpr size_t kOutcomes = static_cast<size_t>(FaultOutcome::kOutOfMemory) + 1;
  static inline std::array<std::atomic<unsigned>, kOutcomes> outcomes{};

  void Step() {
    const size_t first = Below(kPages);
    const VirtRange range = Pages(first, 1 + Below(kPages - first));
    switch (Below(16)) {
      case 0:
        return Ignore(space_.Map(
            {.size_bytes = range.size_bytes, .place = Place::kExactly, .va = range.base}));
      case 1:
        return Ignore(space_.Map({.size_bytes = kObjectPages * kPageSize,
                                  .sharing = Below(2) == 0 ? Sharing::kPrivate : Sharing::kShared,
                                  .object = ObjectReference(object_),
                                  .place = Place::kExactly,
                                  .va = Pages(kPages - kObjectPages, 1).base}));
      case 2:
        return Ignore(space_.Unmap(range));
      case 3:
        return Ignore(space_.Protect(range, Below(2) == 0 ? Access::kRead : Access::kReadWrite));
      case 4:
        return Ignore(space_.Advise(range, Advice::kDontNeed));
      case 5:
        return Ignore(space_.MarkDead(range));
      case 6:
        static_cast<void>(space_.Scavenge());
        return;
      case 7:
        return UseClone();
      case 8:
        return Ignore(object_.Resize(Below(kObjectPages + 1) * kPageSize));
      default:
        return Fault(space_);
    }
  }

 private:
  size_t Below(size_t limit) { return dice_() % limit; }

  template <class T>
  static void Ignore(const base::Result<T>&) {}

  // With what a processor may have seen a while ago.
  void Fault(Space& space) {
    constexpr std::array kKinds = {AccessKind::kRead, AccessKind::kWrite};
    constexpr std::array kCauses = {FaultCause::kNotMapped, FaultCause::kPermission};
    const FaultOutcome outcome = space.HandleFault({.va = Pages(Below(kPages), 1).base,
                                                    .access = kKinds[Below(kKinds.size())],
                                                    .cause = kCauses[Below(kCauses.size())],
                                                    .privilege = Privilege::kUser});
    ++outcomes[static_cast<size_t>(outcome)];
  }

  // Which ends while others cut the object that it shows.
  void UseClone() {
    auto clone = space_.Clone();
    if (!clone) return;
    const World::Reference other = *clone;
    EXPECT_GE(other->uses(), 2U);
    for (unsigned i = 0; i < 4; ++i) Fault(*other);
    EXPECT_TRUE(other->CheckInvariants().has_value());
  }

  Space& space_;
  PagedObject& object_;
  std::minstd_rand dice_;
};

TEST(AddressSpaceThreads, OneSpaceIsWholeAfterAQuarrel) {
  constexpr unsigned kRounds = 3000;
  World world;
  {
    const auto object = *PagedObject::Create(world.objects, kObjectPages * kPageSize);
    const auto space = world.NewSpace();
    OnAllProcessors([&](unsigned cpu) {
      Quarrel quarrel(*space, object.object, cpu + 1);
      for (unsigned round = 0; round < kRounds; ++round) quarrel.Step();
    });
    EXPECT_EQ(space->uses(), 1U);
    EXPECT_TRUE(space->CheckInvariants().has_value());
    EXPECT_GT(Quarrel::outcomes[static_cast<size_t>(FaultOutcome::kResolved)], kRounds / 2);
    EXPECT_GT(Quarrel::outcomes[static_cast<size_t>(FaultOutcome::kNotMapped)], 0U);
    EXPECT_GT(Quarrel::outcomes[static_cast<size_t>(FaultOutcome::kBeyondObject)], 0U);
    EXPECT_TRUE(object.object.Resize(0).has_value());
  }
  EXPECT_TRUE(world.IsEmpty());
}

// All of them use a space, and the last one takes it down.
TEST(AddressSpaceThreads, TheLastUseIsTheEnd) {
  constexpr unsigned kRounds = 200;
  World world;
  for (unsigned round = 0; round < kRounds; ++round) {
    const auto object = *PagedObject::Create(world.objects, kObjectPages * kPageSize);
    std::array<World::Reference, kThreads> uses;
    uses[0] = world.NewSpace();
    EXPECT_TRUE(uses[0]
                    ->Map({.size_bytes = kObjectPages * kPageSize,
                           .sharing = Sharing::kShared,
                           .object = ObjectReference(object.object),
                           .place = Place::kExactly,
                           .va = kBase})
                    .has_value());
    for (unsigned i = 1; i < kThreads; ++i) uses[i] = uses[0];
    EXPECT_EQ(uses[0]->uses(), kThreads);
    OnAllProcessors([&](unsigned cpu) {
      for (size_t page = 0; page < kObjectPages; ++page) {
        const FaultOutcome outcome = uses[cpu]->HandleFault({.va = Pages(page, 1).base,
                                                             .access = AccessKind::kWrite,
                                                             .cause = FaultCause::kNotMapped,
                                                             .privilege = Privilege::kUser});
        EXPECT_TRUE(outcome == FaultOutcome::kResolved || outcome == FaultOutcome::kBeyondObject);
        // One cuts what the others show, and finds them at their ends.
        if (cpu == 0) EXPECT_TRUE(object.object.Resize(page * kPageSize).has_value());
      }
      uses[cpu] = {};
    });
  }
  EXPECT_TRUE(world.IsEmpty());
}

}  // namespace
}  // namespace mm
