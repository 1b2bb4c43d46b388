// Mapping, faults and what belongs to them, in one process.

#include <alloca.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "userspace/bench/rows.h"

namespace bench {
namespace {

using machine::SystemCall;

constexpr int kReadWrite = PROT_READ | PROT_WRITE;
// 1 MiB: several page tables never share it, and no page of 2 MiB fits.
constexpr size_t kPages = 256;
constexpr unsigned kRounds = 16;

Figure NullCall(Trial& trial) {
  return trial.Average(10000, [&] { return trial.Did("getppid", SystemCall(SYS_getppid)); });
}

Figure AnonymousWriteFault(Trial& trial) {
  uint64_t total = 0;
  for (unsigned round = 0; round < kRounds; ++round) {
    const Mapping mapping(trial, kPages * kPageBytes, kReadWrite, MAP_PRIVATE);
    if (!mapping.valid()) return std::nullopt;
    total += trial.Time([&] { WritePages(mapping, kPages); });
  }
  return Trial::Mean(total, kRounds * kPages);
}

enum class Access { kRead, kWriteAfterRead };

// Both faults of pages that are read before they are written; the one of `wanted` is timed.
Figure ZeroPageFault(Trial& trial, Access wanted) {
  uint64_t total = 0;
  for (unsigned round = 0; round < kRounds; ++round) {
    const Mapping mapping(trial, kPages * kPageBytes, kReadWrite, MAP_PRIVATE);
    if (!mapping.valid()) return std::nullopt;
    const uint64_t reading = trial.Time([&] {
      for (size_t i = 0; i < kPages; ++i) (void)*mapping.page(i);
    });
    const uint64_t writing = trial.Time([&] { WritePages(mapping, kPages); });
    total += wanted == Access::kRead ? reading : writing;
  }
  return Trial::Mean(total, kRounds * kPages);
}

Figure ZeroPageRead(Trial& trial) { return ZeroPageFault(trial, Access::kRead); }
Figure ZeroPageWrite(Trial& trial) { return ZeroPageFault(trial, Access::kWriteAfterRead); }

enum class Touched { kNo, kYes };

// mmap, munmap, and writing to the pages between the two if they are to be touched.
bool MapAndUnmap(Trial& trial, size_t pages, Touched touched) {
  const long size = static_cast<long>(pages * kPageBytes);
  const long address =
      SystemCall(machine::kMapCall, 0, size, kReadWrite, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!trial.Did("mmap", address)) return false;
  if (touched == Touched::kYes) {
    auto* const bytes = reinterpret_cast<volatile char*>(address);
    for (size_t i = 0; i < pages; ++i) bytes[i * kPageBytes] = 1;
  }
  return trial.Did("munmap", SystemCall(SYS_munmap, address, size));
}

template <size_t kMapped, unsigned kCount, Touched kTouched = Touched::kNo>
Figure MapUnmap(Trial& trial) {
  return trial.Average(kCount, [&] { return MapAndUnmap(trial, kMapped, kTouched); });
}

Figure ProtectSplitMerge(Trial& trial) {
  constexpr size_t kProtected = 16;
  const Mapping mapping(trial, kProtected * kPageBytes, kReadWrite, MAP_PRIVATE);
  if (!mapping.valid()) return std::nullopt;
  WritePages(mapping, kProtected);
  const long middle = mapping.address(kProtected / 2);
  const auto protect = [&](int protection) {
    return trial.Did("mprotect", SystemCall(SYS_mprotect, middle, kPageBytes, protection));
  };
  return trial.Average(1000, [&] { return protect(PROT_READ) && protect(kReadWrite); });
}

// The most that one table of the lowest level translates, on any processor and kernel.
constexpr size_t kTableBytes = size_t{2} << 20;

// `count` pages whose rights differ from their neighbours', and which are therefore that many VMAs:
// those with an even number can be written.
//
// Nothing about them depends on what else the program is and has. They begin where a page table's
// part of the addresses does, and the pages between those that can be written are there from the
// beginning to the end: every kernel has the same tables before anything is measured, whatever it
// does with empty ones. They are made of memory that could not be written before, which is joined
// with nothing beside it: Linux keeps with each VMA who else may have its pages, from the first
// write on, and VMAs cut from one that was written have that already (4253 instructions a fault, or
// 3578 when the mapping happened to join one that was).
class ManyRanges {
 public:
  ManyRanges(Trial& trial, size_t count)
      : writable_(count / 2),
        mapping_(trial, count * kPageBytes + kTableBytes, PROT_READ, MAP_PRIVATE) {
    if (!mapping_.valid()) return;
    const size_t base = static_cast<size_t>(mapping_.address(0));
    const size_t unused = (kTableBytes - base % kTableBytes) % kTableBytes;
    first_ = unused / kPageBytes;
    // What is left over at the other end belongs to the last VMA.
    if (unused != 0 && !trial.Did("munmap", SystemCall(SYS_munmap, base, unused))) return;
    for (size_t i = 0; i < writable_; ++i) {
      const long result = SystemCall(SYS_mprotect, address(i), kPageBytes, kReadWrite);
      if (!trial.Did("mprotect", result)) return;
      (void)*mapping_.page(PageOf(i) + 1);
    }
    complete_ = true;
  }

  bool complete() const { return complete_; }

  // A write to each of the writable pages, in an order that jumps.
  void WriteScattered() const {
    // Coprime to both numbers of pages that are measured.
    constexpr size_t kStride = 1777;
    const size_t stride = kStride % writable_;
    size_t index = 0;
    for (size_t i = 0; i < writable_; ++i) {
      *mapping_.page(PageOf(index)) = 1;
      index += stride;
      if (index >= writable_) index -= writable_;
    }
  }

  bool Forget(Trial& trial) const {
    for (size_t i = 0; i < writable_; ++i) {
      const long result = SystemCall(SYS_madvise, address(i), kPageBytes, MADV_DONTNEED);
      if (!trial.Did("madvise", result)) return false;
    }
    return true;
  }

 private:
  // Of a page that can be written.
  size_t PageOf(size_t index) const { return first_ + 2 * index; }
  long address(size_t index) const { return mapping_.address(PageOf(index)); }

  size_t writable_;
  Mapping mapping_;
  size_t first_ = 0;  // the mapping's page that the VMAs begin with
  bool complete_ = false;
};

constexpr size_t kFewRanges = 10;
constexpr size_t kManyRanges = 10000;

template <size_t kCount>
Figure MapAmongRanges(Trial& trial) {
  const ManyRanges ranges(trial, kCount);
  if (!ranges.complete()) return std::nullopt;
  return trial.Average(1000, [&] { return MapAndUnmap(trial, 1, Touched::kNo); });
}

template <size_t kCount>
Figure FaultAmongRanges(Trial& trial) {
  constexpr size_t kWrites = 20000;
  constexpr size_t kPasses = kWrites / kCount;
  const ManyRanges ranges(trial, kCount);
  if (!ranges.complete()) return std::nullopt;
  uint64_t total = 0;
  for (size_t pass = 0; pass < kPasses; ++pass) {
    total += trial.Time([&] { ranges.WriteScattered(); });
    if (!ranges.Forget(trial)) return std::nullopt;
  }
  return Trial::Mean(total, kPasses * (kCount / 2));
}

// brk returns the end that holds afterwards, whether it has moved or not.
bool MoveBreak(Trial& trial, long wanted) {
  if (SystemCall(SYS_brk, wanted) == wanted) return true;
  trial.Fail("brk", ENOMEM);
  return false;
}

Figure BreakGrowShrink(Trial& trial) {
  const long start = SystemCall(SYS_brk, 0);
  if (!trial.Did("brk", start)) return std::nullopt;
  // The break may lie within a page that is there already.
  const long page = kPageBytes;
  const long base = (start + page - 1) / page * page;
  if (!MoveBreak(trial, base)) return std::nullopt;
  return trial.Average(1000, [&] {
    if (!MoveBreak(trial, base + page)) return false;
    *reinterpret_cast<volatile char*>(base) = 1;
    return MoveBreak(trial, base);
  });
}

// Its child's stack grows, so that later rows do not copy what was.
Figure StackGrowth(Trial& trial) {
  return InChild(trial, [&]() -> Figure {
    auto* const bytes = static_cast<volatile char*>(alloca(kPages * kPageBytes));
    // The highest page may be in use, and what the two calls need is.
    constexpr size_t kUsed = 2;
    const uint64_t total = trial.Time([&] {
      for (size_t i = kPages - kUsed; i-- > 0;) bytes[i * kPageBytes] = 1;
    });
    return Trial::Mean(total, kPages - kUsed);
  });
}

}  // namespace

const Row kMemoryRows[] = {
    {"null_call", NullCall},
    {"anonymous_write_fault", AnonymousWriteFault},
    {"zero_page_read_fault", ZeroPageRead},
    {"zero_page_write_after", ZeroPageWrite},
    {"map_unmap_1_page", MapUnmap<1, 1000>},
    {"map_unmap_16_pages", MapUnmap<16, 1000>},
    {"map_unmap_256_mib", MapUnmap<65536, 200>},
    {"map_touch_unmap_1_mib", MapUnmap<kPages, 16, Touched::kYes>},
    {"protect_split_merge", ProtectSplitMerge},
    {"map_unmap_10_vmas", MapAmongRanges<kFewRanges>},
    {"map_unmap_10000_vmas", MapAmongRanges<kManyRanges>},
    {"fault_10_vmas", FaultAmongRanges<kFewRanges>},
    {"fault_10000_vmas", FaultAmongRanges<kManyRanges>},
    {"brk_grow_touch_shrink", BreakGrowShrink},
    {"stack_growth_fault", StackGrowth},
};
const unsigned kMemoryRowCount = sizeof kMemoryRows / sizeof kMemoryRows[0];

}  // namespace bench
