#include "kernel/mm/heap/kernel_heap.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "kernel/base/check.h"

namespace mm {
namespace {

constexpr std::string_view kNamePrefix = "kalloc-";
constexpr size_t kMaxDigits = 5;

struct Name {
  std::array<char, kNamePrefix.size() + kMaxDigits> text{};
  size_t length = 0;
};

constexpr std::array<Name, kSizeClassCount> MakeNames() {
  std::array<Name, kSizeClassCount> names{};
  for (size_t i = 0; i < kSizeClassCount; ++i) {
    Name& name = names[i];
    for (const char c : kNamePrefix) name.text[name.length++] = c;
    size_t digits = 1;
    for (size_t rest = kSizeClassBytes[i] / 10; rest > 0; rest /= 10) ++digits;
    size_t rest = kSizeClassBytes[i];
    for (size_t place = digits; place > 0; --place, rest /= 10) {
      name.text[name.length + place - 1] = static_cast<char>('0' + rest % 10);
    }
    name.length += digits;
  }
  return names;
}

constexpr std::array<Name, kSizeClassCount> kNames = MakeNames();

// Less than what a cache of its own has: classes are many, and a slab cannot drain while its
// objects wait in magazines.
constexpr size_t kMagazineBytes = size_t{16} << 10;
constexpr size_t kMinMagazineObjects = 8;
constexpr size_t kMaxMagazineObjects = 126;

// Small slabs drain sooner.
constexpr size_t kSlabObjects = 16;

constexpr size_t kPageClass = SizeClassOf(kPageSize);

// A class borrows from those that are larger by at most this share.
constexpr size_t kLendingShare = 5;

// Whether a block with room for `room` bytes is worth keeping for `bytes`.
constexpr bool IsWorthKeeping(size_t room, size_t bytes) {
  return bytes <= room && bytes >= room / 2;
}

}  // namespace

SlabOptions KernelHeap::OptionsOf(uint32_t size_class) {
  const size_t bytes = kSizeClassBytes[size_class];
  const Name& name = kNames[size_class];
  return {.name = {name.text.data(), name.length},
          .object_bytes = bytes,
          .alignment = NaturalAlignment(bytes),
          .magazine_objects =
              std::clamp(kMagazineBytes / bytes, kMinMagazineObjects, kMaxMagazineObjects),
          .slab_objects = kSlabObjects,
          .size_class = size_class};
}

KernelHeap::KernelHeap(SlabDepot& depot, SlabDepot& pages, LargeBlocks& large)
    : KernelHeap(depot, pages, large, std::make_index_sequence<kSizeClassCount>{}) {}

template <size_t... kClasses>
KernelHeap::KernelHeap(SlabDepot& depot, SlabDepot& pages, LargeBlocks& large,
                       std::index_sequence<kClasses...>)
    : depot_(depot),
      pages_(pages),
      large_(large),
      caches_{SlabCache(kClasses == kPageClass ? pages : depot, OptionsOf(kClasses))...} {}

// Rather than take pages, a class that has no free object left borrows from the classes a little
// larger. How many objects a class has goes up and down, and slabs drain slowly; of neighbours, one
// is down while another is up.
base::Result<void*> KernelHeap::AllocateSlow(size_t size_class, size_t bytes) {
  if (const auto block = caches_[size_class].AllocateBytes(bytes, kNoGrowth)) return block;
  const size_t most = kSizeClassBytes[size_class] * (kLendingShare + 1) / kLendingShare;
  for (size_t i = size_class + 1; i < kSizeClassCount && kSizeClassBytes[i] <= most; ++i) {
    if (const auto block = caches_[i].Lend(bytes)) return block;
  }
  return caches_[size_class].AllocateBytes(bytes, kGrowth);
}

base::Result<void*> KernelHeap::AllocateAligned(size_t bytes, size_t alignment) {
  CHECK(std::has_single_bit(alignment));
  if (bytes <= kMaxClassBytes && alignment <= kPageSize) {
    for (size_t i = SizeClassOf(std::max(bytes, alignment)); i < kSizeClassCount; ++i) {
      if (NaturalAlignment(kSizeClassBytes[i]) >= alignment)
        return caches_[i].AllocateBytes(bytes, kGrowth);
    }
  }
  return large_.AllocateBlock(bytes, std::max(alignment, kMinAlignment));
}

SlabCache* KernelHeap::CacheOf(const void* block) {
  for (const SlabDepot* const depot : {&depot_, &pages_}) {
    if (!depot->Covers(block)) continue;
    const uint32_t size_class = depot->SizeClassOf(block);
    return size_class < kSizeClassCount ? &caches_[size_class] : nullptr;
  }
  return nullptr;
}

void KernelHeap::FreeElsewhere(void* block) {
  if (SlabCache* const cache = CacheOf(block)) return cache->Free(block);
  if (block == nullptr || large_.FreeBlock(block)) return;
  const auto is_in = [block](const SlabDepot& depot) {
    return depot.Covers(block) && depot.SlabOf(block) != nullptr;
  };
  const bool in_slab = is_in(depot_) || is_in(pages_);
  depot_.Report(in_slab ? ObjectFault::kWrongCache : ObjectFault::kForeign, kName, block);
}

base::Result<void*> KernelHeap::Reallocate(void* block, size_t bytes) {
  if (block == nullptr) return Allocate(bytes);
  SlabCache* const cache = CacheOf(block);
  if (cache == nullptr) {
    const base::Result<size_t> room = large_.BlockBytes(block);
    CHECK(room.has_value());
    if (bytes > kMaxClassBytes && IsWorthKeeping(*room, bytes)) return block;
    return Move(block, *room, bytes);
  }
  if (IsWorthKeeping(cache->object_bytes(), std::max(bytes, kSizeStep))) {
    cache->ChangeRequested(block, bytes);
    return block;
  }
  return Move(block, cache->UsableBytes(block), bytes);
}

base::Result<void*> KernelHeap::Move(void* block, size_t old_bytes, size_t bytes) {
  void* const moved = TRY(Allocate(bytes));
  std::memcpy(moved, block, std::min(old_bytes, bytes));
  Free(block);
  return moved;
}

size_t KernelHeap::UsableSize(void* block) {
  if (block == nullptr) return 0;
  if (SlabCache* const cache = CacheOf(block)) return cache->UsableBytes(block);
  const base::Result<size_t> room = large_.BlockBytes(block);
  CHECK(room.has_value());
  return *room;
}

size_t KernelHeap::Shrink() {
  size_t pages = 0;
  for (SlabCache& cache : caches_) pages += cache.Shrink();
  return pages;
}

base::Result<> KernelHeap::CheckInvariants() const {
  for (const SlabCache& cache : caches_) TRY(cache.CheckInvariants());
  return {};
}

}  // namespace mm
