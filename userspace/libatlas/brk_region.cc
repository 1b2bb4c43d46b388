// The heap's memory in a program that is linked static: what brk gives, from the end of the program
// upwards.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/base/bits.h"
#include "kernel/mm/slab_geometry.h"
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
  void Forget(void* first, size_t bytes) override { madvise(first, bytes, MADV_DONTNEED); }

 private:
  uintptr_t base_;
  uintptr_t break_;  // as it was left
  DescriptorSpace space_;
};

[[clang::no_destroy]] constinit std::optional<BrkRegion> region;

}  // namespace

base::Result<MemoryRegion*> OpenRegion() {
  const auto base =
      static_cast<uintptr_t>(base::AlignUp(uint64_t{MoveBreak(0)}, mm::kMaxSlabBytes));
  region.emplace(base, TRY(ReserveDescriptors(kMostHeapBytes)));
  return &*region;
}

}  // namespace libatlas
