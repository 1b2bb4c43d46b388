#include "kernel/mm/heap/slab_cache.h"

#include <array>
#include <cstring>
#include <optional>

#include "kernel/base/bits.h"
#include "kernel/mm/debug.h"
#include "kernel/mm/heap/slab_test_memory.h"
#include "kernel/mm/test_failures.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

// Objects taken together, for loops that give them back.
template <size_t kCapacity>
struct Held {
  std::array<void*, kCapacity> objects{};
  size_t count = 0;

  bool Take(SlabCache& cache) {
    const base::Result<void*> object = cache.Allocate();
    if (!object || count == kCapacity) return false;
    objects[count++] = *object;
    return true;
  }
  void FreeAll(SlabCache& cache) {
    while (count > 0) cache.Free(objects[--count]);
  }
};

TEST(SlabCache, ObjectsAreAlignedApartAndKept) {
  struct Row {
    size_t bytes;
    size_t alignment;
  };
  constexpr Row kRows[] = {{1, 8},     {8, 8},     {24, 8},      {64, 64},  {100, 16},
                           {40, 4096}, {1344, 64}, {4096, 4096}, {5000, 8}, {16384, 16}};
  for (const Row& row : kRows) {
    SlabTestMemory memory;
    {
      SlabCache cache(memory.depot,
                      {.name = "row", .object_bytes = row.bytes, .alignment = row.alignment});
      Held<10> held;
      for (size_t i = 0; i < 6; ++i) {
        ASSERT_TRUE(held.Take(cache)) << row.bytes;
        void* const object = held.objects[i];
        EXPECT_TRUE(base::IsAligned(reinterpret_cast<uintptr_t>(object), row.alignment));
        std::memset(object, static_cast<int>(i), row.bytes);
      }
      for (size_t i = 0; i < held.count; ++i) {
        const auto* const bytes = static_cast<const unsigned char*>(held.objects[i]);
        for (size_t b = 0; b < row.bytes; ++b) ASSERT_EQ(bytes[b], i) << row.bytes;
      }
      EXPECT_TRUE(cache.CheckInvariants().has_value()) << row.bytes;
      EXPECT_EQ(cache.Statistics().allocated, held.count) << row.bytes;
      held.FreeAll(cache);
      EXPECT_EQ(cache.Statistics().allocated, 0) << row.bytes;
      EXPECT_GT(cache.Shrink(), 0) << row.bytes;
      EXPECT_EQ(cache.Statistics().pages, 0) << row.bytes;
    }
    EXPECT_EQ(fault_note.count, 0) << row.bytes;
    EXPECT_EQ(memory.pages.pages_in_use(), 0) << row.bytes;
  }
}

TEST(SlabCache, ObjectsPassByMagazines) {
  SlabTestMemory memory;
  {
    SlabCache cache(memory.depot, {.name = "batch", .object_bytes = 256});
    std::array<void*, 10> objects{};
    EXPECT_EQ(
        cache.TakeObjects(objects.data(), objects.size(), SlabCache::Growth::kForbidden).error(),
        base::Error::kOutOfMemory);
    const auto taken =
        cache.TakeObjects(objects.data(), objects.size(), SlabCache::Growth::kAllowed);
    ASSERT_TRUE(taken.has_value());
    EXPECT_EQ(*taken, objects.size());
    EXPECT_EQ(cache.Statistics().in_magazines, 0);
    // One more only while more are left than are to stay.
    const SlabStatistics statistics = cache.Statistics();
    const size_t left = statistics.objects - statistics.allocated;
    EXPECT_EQ(cache.TakeSpareObject(left).error(), base::Error::kOutOfMemory);
    const auto spare = cache.TakeSpareObject(left - 1);
    ASSERT_TRUE(spare.has_value());
    cache.ReturnObjects(&*spare, 1);
    EXPECT_TRUE(cache.CheckInvariants().has_value());
    cache.ReturnObjects(objects.data(), *taken);
    EXPECT_TRUE(cache.CheckInvariants().has_value());
    cache.Shrink();
  }
  EXPECT_EQ(fault_note.count, 0);
  EXPECT_EQ(memory.pages.pages_in_use(), 0);
}

TEST(SlabCache, PagesKnowTheirPlaceInTheSlab) {
  SlabTestMemory memory;
  SlabCache cache(memory.depot, {.name = "large", .object_bytes = 8192, .size_class = 3});
  Held<4> held;
  for (size_t i = 0; i < 4; ++i) ASSERT_TRUE(held.Take(cache));
  for (size_t i = 0; i < held.count; ++i) {
    auto* const object = static_cast<std::byte*>(held.objects[i]);
    const Slab* const slab = memory.depot.SlabOf(object);
    for (size_t offset = 0; offset < 8192; offset += static_cast<size_t>(kPageSize)) {
      const FrameDescriptor& page = memory.frames.direct_map().Of(object + offset);
      const auto place = static_cast<size_t>(object + offset - slab->objects) >> kPageShift;
      EXPECT_EQ(SlabDepot::PlaceInSlab(page), place);
      EXPECT_EQ(SlabDepot::SizeClassOf(page), 3);
      EXPECT_EQ(memory.depot.SlabOf(object + offset), slab);
    }
  }
  held.FreeAll(cache);
}

TEST(SlabCache, ReturnsTheObjectFreedLast) {
  SlabTestMemory memory;
  SlabCache cache(memory.depot, {.name = "hot", .object_bytes = 64});
  void* const first = *cache.Allocate();
  void* const second = *cache.Allocate();
  cache.Free(first);
  cache.Free(second);
  EXPECT_EQ(*cache.Allocate(), second);
  EXPECT_EQ(*cache.Allocate(), first);
  cache.Free(first);
  cache.Free(second);
}

TEST(SlabCache, WalksAFreshSlabUpwards) {
  SlabTestMemory memory;
  SlabCache cache(memory.depot, {.name = "walk", .object_bytes = 64, .magazine_objects = 16});
  const size_t stride = cache.Statistics().stride_bytes;
  Held<24> held;
  for (size_t i = 0; i < 24; ++i) {
    ASSERT_TRUE(held.Take(cache));
    const auto* const first = static_cast<const std::byte*>(held.objects[0]);
    EXPECT_EQ(held.objects[i], first + i * stride) << i;
  }
  held.FreeAll(cache);
}

constexpr uint32_t kConstructed = 0xC0'FF'EE;
void Construct(void* object) { *static_cast<uint32_t*>(object) = kConstructed; }

TEST(SlabCache, ConstructsOnceAndKeepsWhatItMade) {
  SlabTestMemory memory;
  SlabCache cache(memory.depot, {.name = "made", .object_bytes = 48, .construct = Construct});
  auto* const object = static_cast<uint32_t*>(*cache.Allocate());
  EXPECT_EQ(*object, kConstructed);
  *object = 7;
  cache.Free(object);
  EXPECT_EQ(*static_cast<uint32_t*>(*cache.Allocate()), 7);
  cache.Free(object);
  EXPECT_EQ(fault_note.count, 0);
}

TEST(SlabCache, StatisticsAddUp) {
  SlabTestMemory memory;
  SlabCache cache(memory.depot, {.name = "sums", .object_bytes = 256, .magazine_objects = 8});
  Held<100> held;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(held.Take(cache));
  const SlabStatistics full = cache.Statistics();
  EXPECT_EQ(full.object_bytes, 256);
  EXPECT_EQ(full.allocated, 100);
  EXPECT_GE(full.objects, full.allocated + full.in_magazines);
  EXPECT_LE(full.objects * full.stride_bytes, full.pages * kPageSize);
  EXPECT_GT(full.refills, 0);
  EXPECT_EQ(full.flushes, 0);
  EXPECT_GT(memory.depot.RecordBytes(), 0);
  held.FreeAll(cache);
  EXPECT_GT(cache.Statistics().flushes, 0);
  EXPECT_TRUE(cache.CheckInvariants().has_value());
  EXPECT_LT(cache.Statistics().pages, full.pages) << "spare slabs go at once";
}

TEST(SlabCache, DepotKnowsItsCaches) {
  SlabTestMemory memory;
  const auto names = [&memory] {
    std::array<std::string_view, 4> found{};
    size_t count = 0;
    memory.depot.ForEachCache([&](const SlabCache& cache) { found[count++] = cache.name(); });
    return found;
  };
  SlabCache first(memory.depot, {.name = "first", .object_bytes = 8});
  std::optional<SlabCache> second;
  second.emplace(memory.depot, SlabOptions{.name = "second", .object_bytes = 8});
  SlabCache third(memory.depot, {.name = "third", .object_bytes = 8});
  EXPECT_EQ(names()[1], "second");
  EXPECT_EQ(names()[2], "third");
  second.reset();
  EXPECT_EQ(names()[0], "first");
  EXPECT_EQ(names()[1], "third");
  EXPECT_EQ(names()[2], "");
}

// What is wrong with a pointer, whatever the build.
TEST(SlabCache, FindsFaultsOfPlace) {
  SlabTestMemory memory;
  SlabCache cache(memory.depot, {.name = "mine", .object_bytes = 64});
  SlabCache other(memory.depot, {.name = "other", .object_bytes = 64});
  auto* const object = static_cast<std::byte*>(*cache.Allocate());
  void* const foreign = *other.Allocate();
  void* const page = *memory.pages.AllocatePages(0);
  int outside = 0;
  EXPECT_FALSE(cache.FindFault(object).has_value());
  EXPECT_TRUE(cache.FindFault(object + 8) == ObjectFault::kInterior);
  EXPECT_TRUE(cache.FindFault(object + 63) == ObjectFault::kInterior);
  EXPECT_TRUE(cache.FindFault(foreign) == ObjectFault::kWrongCache);
  EXPECT_TRUE(cache.FindFault(page) == ObjectFault::kForeign);
  EXPECT_TRUE(cache.FindFault(&outside) == ObjectFault::kForeign);
  cache.Free(object);
  cache.Shrink();
  EXPECT_TRUE(cache.FindFault(object).has_value()) << "its slab is gone";
  other.Free(foreign);
  memory.pages.FreePages(page, 0);
}

// Debug builds report at once; others when the magazine gives its objects back.
TEST(SlabCache, ReportsMistakenFrees) {
  struct Row {
    const char* name;
    ObjectFault fault;
  };
  constexpr Row kRows[] = {{"wrong cache", ObjectFault::kWrongCache},
                           {"interior", ObjectFault::kInterior},
                           {"foreign", ObjectFault::kForeign},
                           {"double", ObjectFault::kDoubleFree}};
  for (const Row& row : kRows) {
    SlabTestMemory memory;
    SlabCache cache(memory.depot, {.name = "mine", .object_bytes = 64});
    SlabCache other(memory.depot, {.name = "other", .object_bytes = 64});
    auto* const object = static_cast<std::byte*>(*cache.Allocate());
    auto* const theirs = static_cast<std::byte*>(*other.Allocate());
    void* const page = *memory.pages.AllocatePages(0);
    void* wrong = nullptr;
    switch (row.fault) {
      case ObjectFault::kWrongCache:
        wrong = theirs;
        break;
      case ObjectFault::kInterior:
        wrong = object + 16;
        break;
      case ObjectFault::kForeign:
        wrong = page;
        break;
      default:
        cache.Free(object);
        wrong = object;
    }
    cache.Free(wrong);
    if constexpr (!kDebug) cache.Shrink();
    EXPECT_EQ(fault_note.count, 1) << row.name;
    EXPECT_TRUE(fault_note.fault == row.fault) << row.name;
    EXPECT_EQ(fault_note.cache, "mine") << row.name;
    EXPECT_TRUE(fault_note.object == wrong) << row.name;
    EXPECT_TRUE(cache.CheckInvariants().has_value()) << row.name;
    if (row.fault != ObjectFault::kDoubleFree) cache.Free(object);
    other.Free(theirs);
    memory.pages.FreePages(page, 0);
    EXPECT_EQ(fault_note.count, 1) << row.name;
  }
}

TEST(SlabCache, DebugBuildsFindOverruns) {
  for (void (*const construct)(void*) : {static_cast<void (*)(void*)>(nullptr), Construct}) {
    SlabTestMemory memory;
    SlabCache cache(memory.depot, {.name = "over", .object_bytes = 50, .construct = construct});
    auto* const object = static_cast<unsigned char*>(*cache.Allocate());
    if (kDebug) object[50] ^= 1;
    cache.Free(object);
    EXPECT_EQ(fault_note.count, kDebug ? 1 : 0);
    if (kDebug) EXPECT_TRUE(fault_note.fault == ObjectFault::kOverrun);
    // Repaired: reported once.
    EXPECT_EQ(*cache.Allocate(), object);
    cache.Free(object);
    EXPECT_EQ(fault_note.count, kDebug ? 1 : 0);
  }
}

TEST(SlabCache, DebugBuildsFindWritesAfterFree) {
  SlabTestMemory memory;
  SlabCache cache(memory.depot, {.name = "late", .object_bytes = 50});
  auto* const object = static_cast<unsigned char*>(*cache.Allocate());
  cache.Free(object);
  object[3] = 1;
  EXPECT_EQ(*cache.Allocate(), object);
  EXPECT_EQ(fault_note.count, kDebug ? 1 : 0);
  if (kDebug) {
    EXPECT_TRUE(fault_note.fault == ObjectFault::kWrittenAfterFree);
    EXPECT_TRUE(fault_note.object == object);
    EXPECT_EQ(object[3], object[4]) << "poisoned anew";
  }
  cache.Free(object);
}

TEST(SlabCache, MemoryEndsAndComesBack) {
  SlabTestMemory memory;
  SlabCache cache(memory.depot, {.name = "all", .object_bytes = 4096, .magazine_objects = 4});
  Held<kSlabTestPages> held;
  while (held.Take(cache)) {
  }
  EXPECT_GT(held.count, kSlabTestPages / (kDebug ? 3 : 2));
  EXPECT_TRUE(cache.Allocate().error() == base::Error::kOutOfMemory);
  EXPECT_EQ(cache.Statistics().allocated, held.count);
  EXPECT_TRUE(cache.CheckInvariants().has_value());
  cache.Free(held.objects[--held.count]);
  ASSERT_TRUE(held.Take(cache));
  held.FreeAll(cache);
  cache.Shrink();
  EXPECT_EQ(cache.Statistics().slabs, 0);
}

// A cache can do without a magazine, and with less than the slab it would like.
TEST(SlabCache, SurvivesEachFailure) {
  SlabTestMemory memory;
  SlabCache cache(memory.depot, {.name = "fail", .object_bytes = 512});
  void* object = nullptr;
  const auto nothing_allocated = [&] {
    cache.Shrink();
    return cache.CheckInvariants().has_value() && cache.Statistics().pages == 0;
  };
  const FailureRun run = FailEachAllocation(
      memory.pages,
      [&]() -> base::Result<> {
        object = TRY(cache.Allocate());
        return {};
      },
      nothing_allocated,
      [&] {
        cache.Free(object);
        return true;
      });
  EXPECT_EQ(run.fault, "") << run.failed;
  EXPECT_GE(run.failed, 2);
  cache.Free(object);
  EXPECT_TRUE(nothing_allocated());
}

TEST(SlabCache, WorksWithoutAnyMagazine) {
  SlabTestMemory memory;
  SlabCache cache(memory.depot, {.name = "bare", .object_bytes = 512});
  // The magazine's page is the first to be asked for.
  memory.pages.FailAllocation(1);
  void* const first = *cache.Allocate();
  EXPECT_EQ(cache.Statistics().in_magazines, 0);
  memory.pages.FailAfter(0);
  void* const second = *cache.Allocate();
  cache.Free(first);
  EXPECT_EQ(cache.Statistics().in_magazines, 0);
  memory.pages.FailNothing();
  cache.Free(second);
  EXPECT_EQ(cache.Statistics().in_magazines, 1);
  EXPECT_EQ(cache.Statistics().allocated, 0);
  EXPECT_TRUE(cache.CheckInvariants().has_value());
}

}  // namespace
}  // namespace mm
