#include "kernel/mm/frames/physical_memory.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"

namespace mm {
namespace {

constexpr uint64_t kLastFrame = std::numeric_limits<uint64_t>::max();

// What freed memory is full of in debug builds: as an address it is mapped nowhere.
constexpr uint64_t kPoison = 0x6F5A'F4EE'DF4A'3E5D;
constexpr size_t kPoisonWords = kPageSize / sizeof(uint64_t);
// Of a frame that is free and poisoned.
constexpr uint32_t kPoisonedMark = FrameDescriptor::kMarked | 0x0F4E'EF4A;

// What is not a power of two, or too large for a processor to keep.
constexpr unsigned kNoOrder = 64;

constexpr unsigned LogOf(PageCount pages) {
  const unsigned log = static_cast<unsigned>(std::countr_zero(pages.value | uint64_t{1} << 63));
  return pages.value >> log == 1 ? log : kNoOrder;
}

// The order of runs that processors keep, or kNoOrder.
constexpr unsigned CachedOrder(PageCount pages) {
  return pages.value <= kBlockFrames ? LogOf(pages) : kNoOrder;
}

}  // namespace

base::Result<FrameNumber> PhysicalMemory::AllocateOrder(unsigned order, ZoneKind highest) {
  if (order > kBlockOrder) [[unlikely]] {
    const PageCount pages{base::Bit(order)};
    return Allocate({.pages = pages, .alignment = pages, .highest = highest});
  }
  const base::Result<FrameNumber> run = cache_.AllocateRun(order, highest);
  if constexpr (kDebug) {
    if (run) CheckPoison(*run, PageCount{base::Bit(order)});
  }
  return run;
}

base::Result<FrameNumber> PhysicalMemory::Allocate(const FrameRequest& request) {
  const unsigned order = CachedOrder(request.pages);
  const bool any_place = LogOf(request.alignment) <= order && request.last.value == kLastFrame;
  if (order != kNoOrder && any_place && request.contents == Contents::kArbitrary) [[likely]] {
    return AllocateOrder(order, request.highest);
  }
  return AllocateSpecial(request);
}

base::Result<FrameNumber> PhysicalMemory::AllocateSpecial(const FrameRequest& request) {
  if (request.contents == Contents::kArbitrary) {
    const FrameNumber first = TRY(AllocateRun(request));
    if constexpr (kDebug) CheckPoison(first, request.pages);
    return first;
  }
  FrameRequest shown = request;  // only what the direct map shows can be zeroed here
  shown.highest = std::min(request.highest, ZoneKind::kNormal);
  shown.contents = Contents::kArbitrary;
  const FrameNumber first = TRY(Allocate(shown));
  for (FrameNumber frame = first; frame < first + request.pages; ++frame.value) {
    std::memset(table_.Pointer(frame), 0, kPageSize);
  }
  return first;
}

// Straight from the zones, after this processor gave back what it keeps if need be.
base::Result<FrameNumber> PhysicalMemory::AllocateRun(const FrameRequest& request) {
  const auto take = [this, &request] {
    return frames_.AllocateRun(request.pages, request.alignment, request.last, request.highest);
  };
  base::Result<FrameNumber> run = take();
  if (run || run.error() != base::Error::kOutOfMemory) return run;
  cache_.Drain();
  return take();
}

std::expected<void, FreeFault> PhysicalMemory::FreeOrder(FrameNumber first, unsigned order) {
  if (order > kBlockOrder) [[unlikely]]
    return Free(first, PageCount{base::Bit(order)});
  if constexpr (kDebug) {
    const PageCount pages{base::Bit(order)};
    if (const auto fault = FindFault(first, pages)) return std::unexpected(*fault);
    Poison(first, pages);
  }
  return cache_.FreeRun(first, order);
}

std::expected<void, FreeFault> PhysicalMemory::Free(FrameNumber first, PageCount pages) {
  const unsigned order = CachedOrder(pages);
  if (order != kNoOrder) return FreeOrder(first, order);
  if (const auto fault = frames_.FindFault(first, pages)) return std::unexpected(*fault);
  if constexpr (kDebug) Poison(first, pages);
  return frames_.FreeRun(first, pages);
}

// Also what the cache would find, before the frames are written to.
std::optional<FreeFault> PhysicalMemory::FindFault(FrameNumber first, PageCount pages) {
  if (const auto fault = frames_.FindFault(first, pages)) return fault;
  const unsigned order = CachedOrder(pages);
  const uint32_t frame = static_cast<uint32_t>((first - frames_.first()).value);
  if (order != kNoOrder && cache_.Keeps(frame, order)) return FreeFault::kDoubleFree;
  // Another processor keeps it.
  if (table_.HasPointer(first) && table_.Of(first).mark() == kPoisonedMark) {
    return FreeFault::kDoubleFree;
  }
  return std::nullopt;
}

void PhysicalMemory::Poison(FrameNumber first, PageCount pages) {
  for (FrameNumber frame = first; frame < first + pages; ++frame.value) {
    if (!table_.HasPointer(frame)) continue;
    table_.Of(frame).SetMark(kPoisonedMark);  // nobody uses it any more
    std::fill_n(static_cast<uint64_t*>(table_.Pointer(frame)), kPoisonWords, kPoison);
  }
}

void PhysicalMemory::CheckPoison(FrameNumber first, PageCount pages) {
  for (FrameNumber frame = first; frame < first + pages; ++frame.value) {
    if (!table_.HasPointer(frame)) continue;
    FrameDescriptor& descriptor = table_.Of(frame);
    if (descriptor.mark() != kPoisonedMark) continue;  // never freed
    descriptor.ClearMark();
    const auto* const words = static_cast<const uint64_t*>(table_.Pointer(frame));
    const bool written_after_free =
        std::any_of(words, words + kPoisonWords, [](uint64_t word) { return word != kPoison; });
    CHECK(!written_after_free);
  }
}

base::Result<> PhysicalMemory::Reserve(FrameNumber first, PageCount pages, MemoryState state) {
  const uint64_t offset = first.value - frames_.first().value;  // wraps for frames below the first
  if (pages.value == 0 || offset >= frames_.frames() || pages.value > frames_.frames() - offset) {
    return std::unexpected(base::Error::kInvalidArgument);
  }
  const uint32_t frame = static_cast<uint32_t>(offset);
  const uint32_t count = static_cast<uint32_t>(pages.value);
  const size_t kind = frames_.ZoneOf(frame);
  if (frames_.ZoneOf(frame + (count - 1)) != kind) {
    return std::unexpected(base::Error::kInvalidArgument);
  }
  cache_.Drain();
  return frames_.zone(kind).Reserve(frame, count, state);
}

ZoneStatistics PhysicalMemory::Statistics(ZoneKind kind) {
  ZoneStatistics found = frames_.Statistics(kind);
  found.cached = cache_.Cached(kind);
  found.free += found.cached;
  return found;
}

PageCount PhysicalMemory::FreePages() const {
  PageCount free{0};
  for (size_t kind = 0; kind < kZoneCount; ++kind) {
    free += frames_.zone(kind).FreePages() + cache_.Cached(static_cast<ZoneKind>(kind));
  }
  return free;
}

base::Result<> PhysicalMemory::CheckInvariants() {
  TRY(frames_.CheckInvariants());
  return cache_.CheckInvariants();
}

}  // namespace mm
