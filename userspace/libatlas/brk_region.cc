// The heap's memory in a program that is linked static: what brk gives, from the end of the program
// upwards; and when something is in its way, a mapping above.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/base/bits.h"
#include "kernel/mm/heap/slab_geometry.h"
#include "userspace/libatlas/descriptor_space.h"
#include "userspace/libatlas/program_heap.h"

namespace libatlas {
namespace {

// The system call: it returns where the break is then. musl's brk() always fails.
uintptr_t MoveBreak(uintptr_t address) { return static_cast<uintptr_t>(syscall(SYS_brk, address)); }

class BrkRegion final : public MemoryRegion {
 public:
  BrkRegion(uintptr_t base, const DescriptorSpace& space)
      : base_(base), break_(MoveBreak(0)), space_(space) {}

  std::byte* base() const override { return reinterpret_cast<std::byte*>(base_); }
  std::span<mm::FrameDescriptor> descriptors() const override { return space_.descriptors; }
  std::span<PageNote> notes() const override { return space_.notes; }
  base::Result<> Resize(size_t bytes) override {
    if (upper_bytes_ > 0) return ResizeUpper(bytes);
    const uintptr_t wanted = base_ + bytes;
    // Somebody else has moved it: what lies behind the heap is theirs.
    if (MoveBreak(0) != break_) {
      if (wanted > break_) return std::unexpected(base::Error::kOutOfMemory);
      if (wanted < break_) Forget(reinterpret_cast<void*>(wanted), break_ - wanted);
      return {};
    }
    if (MoveBreak(wanted) != wanted) return std::unexpected(base::Error::kOutOfMemory);
    break_ = wanted;
    return {};
  }
  base::Result<size_t> Skip(size_t bytes) override;
  void Forget(void* first, size_t bytes) override { madvise(first, bytes, MADV_DONTNEED); }

 private:
  // Less is not worth it.
  static constexpr size_t kLeastUpperBytes = size_t{4} << 20;

  base::Result<> ResizeUpper(size_t bytes) {
    if (bytes - upper_ > upper_bytes_) return std::unexpected(base::Error::kOutOfMemory);
    if (bytes < used_) Forget(base() + bytes, used_ - bytes);
    used_ = bytes;
    return {};
  }

  uintptr_t base_;
  uintptr_t break_;  // as it was left
  // The mapping above, if there is one: where it begins, from the base on, its addresses, and how
  // far the region goes, from the base on again.
  size_t upper_ = 0;
  size_t upper_bytes_ = 0;
  size_t used_ = 0;
  DescriptorSpace space_;
};

// Wherever the kernel has room, as long as it is above the break and the pages have descriptors.
base::Result<size_t> BrkRegion::Skip(size_t bytes) {
  if (upper_bytes_ > 0) return std::unexpected(base::Error::kOutOfMemory);
  const size_t most = space_.descriptors.size() << mm::kPageShift;
  const size_t least = std::max(bytes, kLeastUpperBytes);
  for (size_t wanted = most / 2; wanted >= least; wanted /= 2) {
    const base::Result<std::byte*> memory = ReserveAddresses(wanted);
    if (!memory) continue;
    const auto address = reinterpret_cast<uintptr_t>(*memory);
    // Far too much when it lies below.
    const size_t start = address - base_;
    if (start <= most - wanted && address >= break_) {
      upper_ = start;
      upper_bytes_ = wanted;
      used_ = start;
      return start;
    }
    munmap(*memory, wanted);
  }
  return std::unexpected(base::Error::kOutOfMemory);
}

[[clang::no_destroy]] constinit std::optional<BrkRegion> region;

}  // namespace

base::Result<MemoryRegion*> OpenRegion() {
  const auto base =
      static_cast<uintptr_t>(base::AlignUp(uint64_t{MoveBreak(0)}, mm::kMaxSlabBytes));
  region.emplace(base, TRY(ReserveDescriptors(kMostHeapBytes)));
  return &*region;
}

}  // namespace libatlas
