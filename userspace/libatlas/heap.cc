#include "userspace/libatlas/heap.h"

#include <algorithm>
#include <bit>
#include <new>

#include "kernel/base/check.h"

namespace libatlas {
namespace {

// A thread's magazine of a class begins small, and grows as often as it runs dry or over, up to
// this many objects, or bytes.
constexpr size_t kMagazineBytes = size_t{32} << 10;
constexpr size_t kLeastMagazine = 12;
constexpr size_t kMostMagazine = 126;
constexpr size_t kFirstMagazineBytes = 128;

// Small slabs drain sooner.
constexpr size_t kSlabObjects = 16;

// A class borrows from those of at most this many times its size that keep some objects then. In
// the benchmark's trace what is held falls from 1.109 times the live bytes to 1.096: classes that
// keep fewer soon borrow themselves, and those that lend only to their neighbours keep slabs that
// never drain.
constexpr size_t kMostLent = 2;
constexpr size_t kKept = 24;

// So many blocks of a class come from a coarser one before it has a slab of its own: a program of a
// hundred blocks would have a page for each size otherwise.
constexpr unsigned kCoarseBlocks = 8;

constexpr std::array<uint8_t, mm::kSizeClassCount> MakeCoarse() {
  std::array<uint8_t, mm::kSizeClassCount> coarse{};
  for (size_t i = 0; i < mm::kSizeClassCount; ++i) {
    const size_t bytes = mm::kSizeClassBytes[i];
    const size_t power = std::bit_ceil(bytes);
    const size_t less = power / 4 * 3;
    coarse[i] = static_cast<uint8_t>(mm::SizeClassOf(bytes <= less ? less : power));
  }
  return coarse;
}
constexpr std::array<uint8_t, mm::kSizeClassCount> kCoarse = MakeCoarse();

constexpr std::array<uint8_t, mm::kSizeClassCount> MakeMagazines() {
  std::array<uint8_t, mm::kSizeClassCount> objects{};
  for (size_t i = 0; i < mm::kSizeClassCount; ++i) {
    objects[i] = static_cast<uint8_t>(
        std::clamp(kMagazineBytes / mm::kSizeClassBytes[i], kLeastMagazine, kMostMagazine));
  }
  return objects;
}
constexpr std::array<uint8_t, mm::kSizeClassCount> kMagazines = MakeMagazines();

}  // namespace

void Heap::Start(MemoryRegion& region, uint64_t secret, mm::ObjectFaultHandler on_fault) {
  CHECK(base_ == 0);
  page_heap_.emplace(region);
  const mm::PageDescriptors descriptors(region.base(), {region.descriptors().size()},
                                        reinterpret_cast<uintptr_t>(region.descriptors().data()));
  depot_.emplace(mm::SlabPlace{*page_heap_, descriptors}, *page_heap_, on_fault);
  secret_ = secret;
  on_fault_ = on_fault;
  descriptors_ = region.descriptors().data();
  notes_ = region.notes().data();
  base_ = reinterpret_cast<uintptr_t>(region.base());
  pages_ = region.descriptors().size();
}

Heap::~Heap() {
  while (first_cache_ != nullptr) DropCache(*first_cache_);
}

void Heap::Report(mm::ObjectFault fault, const void* block) const {
  CHECK(on_fault_ != nullptr);
  on_fault_(fault, kName, block);
}

base::Result<ThreadCache*> Heap::MakeCache() {
  const MutexHolder hold(caches_lock_);
  constexpr size_t kNodeBytes = base::AlignUp(sizeof(ThreadCache), mm::NodePool::kHeaderBytes);
  if (!cache_pool_) cache_pool_.emplace(*page_heap_, kNodeBytes);
  auto* const cache = new (TRY(cache_pool_->Allocate())) ThreadCache();
  cache->next_ = first_cache_;
  if (first_cache_ != nullptr) first_cache_->previous_ = cache;
  first_cache_ = cache;
  return cache;
}

void Heap::DropCache(ThreadCache& cache) {
  Empty(cache);
  const MutexHolder hold(caches_lock_);
  if (cache.next_ != nullptr) cache.next_->previous_ = cache.previous_;
  (cache.previous_ != nullptr ? cache.previous_->next_ : first_cache_) = cache.next_;
  cache_pool_->Free(&cache);
}

void Heap::Empty(ThreadCache& cache) {
  for (unsigned i = 0; i < ThreadCache::kWaiting; ++i) {
    const ThreadCache::Freed freed = cache.Exchange({nullptr, 0});
    if (freed.object != nullptr) ReturnOne(freed.size_class, freed.object);
  }
  for (size_t size_class = 0; size_class < kClasses; ++size_class) {
    mm::Magazine*& magazine = cache.magazine(size_class);
    if (magazine == &mm::no_magazine) continue;
    const MutexHolder hold(class_locks_[size_class]);
    SlabsOf(size_class).ReturnObjects(magazine->objects(), magazine->count());
    depot_->DropMagazine(*magazine);
    magazine = &mm::no_magazine;
  }
}

// Its lock is held.
mm::SlabCache& Heap::SlabsOf(size_t size_class) {
  std::optional<mm::SlabCache>& slabs = classes_[size_class];
  if (!slabs) {
    const size_t bytes = mm::kSizeClassBytes[size_class];
    slabs.emplace(*depot_, mm::SlabOptions{.name = kName,
                                           .object_bytes = bytes,
                                           .alignment = mm::NaturalAlignment(bytes),
                                           .magazine_objects = kMagazines[size_class],
                                           .slab_objects = kSlabObjects,
                                           .size_class = static_cast<uint32_t>(size_class)});
  }
  return *slabs;
}

mm::Magazine& Heap::Enlarged(ThreadCache& cache, size_t size_class) {
  mm::Magazine*& magazine = cache.magazine(size_class);
  const size_t most = kMagazines[size_class];
  if (magazine->capacity() >= most) return *magazine;
  const size_t bytes =
      std::max(kFirstMagazineBytes, 2 * mm::Magazine::BytesFor(magazine->capacity()));
  const size_t capacity =
      std::min(most, (std::bit_floor(bytes) - sizeof(mm::Magazine)) / sizeof(void*));
  const base::Result<mm::Magazine*> larger = depot_->MakeMagazine(capacity);
  if (!larger) return *magazine;
  std::memcpy((*larger)->objects(), magazine->objects(), magazine->count() * sizeof(void*));
  (*larger)->set_count(magazine->count());
  if (magazine != &mm::no_magazine) depot_->DropMagazine(*magazine);
  magazine = *larger;
  return *magazine;
}

base::Result<void*> Heap::AllocateSlow(ThreadCache* cache, size_t bytes) {
  if (pages_ == 0) return std::unexpected(base::Error::kOutOfMemory);
  if (bytes > mm::kMaxClassBytes) return TRY(AllocateLarge(cache, bytes, mm::kPageSize)).base;
  return AllocateObject(cache, mm::SizeClassOf(bytes));
}

// Rather than take pages, a class that has no free object left borrows from the classes a little
// larger; see KernelHeap::AllocateSlow().
base::Result<void*> Heap::AllocateObject(ThreadCache* cache, size_t size_class) {
  size_t from = size_class;
  if (coarse_blocks_[size_class].load(std::memory_order_relaxed) < kCoarseBlocks) {
    coarse_blocks_[size_class].fetch_add(1, std::memory_order_relaxed);
    from = kCoarse[size_class];
  }
  if (const auto object = Take(cache, from, kNoGrowth)) return Handed(*object);
  if (const auto object = Borrow(from)) return Handed(*object);
  if (const auto object = Take(cache, from, kGrowth)) return Handed(*object);
  Reclaim(cache);
  return Handed(TRY(Take(cache, size_class, kGrowth)));
}

base::Result<void*> Heap::Take(ThreadCache* cache, size_t size_class,
                               mm::SlabCache::Growth growth) {
  const MutexHolder hold(class_locks_[size_class]);
  mm::SlabCache& slabs = SlabsOf(size_class);
  if (cache != nullptr) {
    // It may have some: it is asked for another class.
    if (void* const object = cache->TryPop(size_class)) return object;
    mm::Magazine& magazine = Enlarged(*cache, size_class);
    if (magazine.capacity() > 0) {
      const size_t wanted = (magazine.capacity() + 1) / 2;
      const size_t taken = TRY(slabs.TakeObjects(magazine.objects(), wanted, growth));
      magazine.set_count(static_cast<uint32_t>(taken));
      return magazine.TryPop();
    }
  }
  void* object = nullptr;
  TRY(slabs.TakeObjects(&object, 1, growth));
  return object;
}

base::Result<void*> Heap::Borrow(size_t size_class) {
  const size_t most = mm::kSizeClassBytes[size_class] * kMostLent;
  for (size_t i = size_class + 1; i < kClasses && mm::kSizeClassBytes[i] <= most; ++i) {
    const MutexHolder hold(class_locks_[i]);
    if (!classes_[i]) continue;
    if (const auto object = classes_[i]->TakeSpareObject(kKept)) return object;
  }
  return std::unexpected(base::Error::kOutOfMemory);
}

void Heap::FreeSlow(ThreadCache& cache, size_t size_class, void* block) {
  const MutexHolder hold(class_locks_[size_class]);
  mm::Magazine& magazine = Enlarged(cache, size_class);
  if (magazine.TryPush(block)) return;
  // The older half goes: what was freed last is the most likely to be in the processor's cache.
  const size_t older = magazine.count() / 2;
  const size_t kept = magazine.count() - older;
  mm::SlabCache& slabs = SlabsOf(size_class);
  if (magazine.capacity() == 0) return slabs.ReturnObjects(&block, 1);
  slabs.ReturnObjects(magazine.objects(), older);
  std::memmove(magazine.objects(), magazine.objects() + older, kept * sizeof(void*));
  magazine.objects()[kept] = block;
  magazine.set_count(static_cast<uint32_t>(kept + 1));
}

void Heap::FreeElsewhere(ThreadCache* cache, void* block) {
  const size_t size_class = ClassOf(block);
  if (cache != nullptr || size_class >= kClasses) return FreeElsewhere(block);
  if (!BeginsObject(block, NoteOf(descriptors_[PageOf(block)]))) {
    return Report(mm::ObjectFault::kInterior, block);
  }
  ReturnOne(size_class, block);
}

void Heap::ReturnOne(size_t size_class, void* block) {
  if (IsMarkedFree(block)) return Report(mm::ObjectFault::kDoubleFree, block);
  MarkFree(block);
  const MutexHolder hold(class_locks_[size_class]);
  SlabsOf(size_class).ReturnObjects(&block, 1);
}

void Heap::Reclaim(ThreadCache* cache) {
  if (cache != nullptr) Empty(*cache);
  for (size_t i = 0; i < kClasses; ++i) {
    const MutexHolder hold(class_locks_[i]);
    if (classes_[i]) classes_[i]->Shrink();
  }
}

void Heap::Shrink(ThreadCache* cache) {
  if (pages_ == 0) return;
  Reclaim(cache);
  page_heap_->Purge();
}

// All locks at once is more than the analysis can follow.
void Heap::AcquireForFork() NO_THREAD_SAFETY_ANALYSIS {
  if (pages_ == 0) return;
  caches_lock_.Acquire();
  for (Mutex& lock : class_locks_) lock.Acquire();
  page_heap_->AcquireForFork();
}

void Heap::ReleaseAfterFork() NO_THREAD_SAFETY_ANALYSIS {
  if (pages_ == 0) return;
  page_heap_->ReleaseAfterFork();
  for (Mutex& lock : class_locks_) lock.Release();
  caches_lock_.Release();
}

base::Result<> Heap::CheckInvariants() const {
  if (pages_ == 0) return {};
  TRY(page_heap_->CheckInvariants());
  for (uintptr_t page = 0; page < page_heap_->extent().value; ++page) {
    const uint32_t note = notes_[page].load(std::memory_order_relaxed);
    if (note != 0 && note != NoteOf(descriptors_[page])) {
      return std::unexpected(base::Error::kCorrupt);
    }
  }
  for (const std::optional<mm::SlabCache>& slabs : classes_) {
    if (slabs) TRY(slabs->CheckInvariants());
  }
  for (const ThreadCache* cache = first_cache_; cache != nullptr; cache = cache->next_) {
    for (size_t i = 0; i < kClasses; ++i) {
      const mm::Magazine& magazine = cache->magazine(i);
      if (magazine.count() > magazine.capacity()) return std::unexpected(base::Error::kCorrupt);
    }
  }
  return {};
}

}  // namespace libatlas
