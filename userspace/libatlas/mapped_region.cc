// The heap's memory where the break belongs to somebody else: a mapping of as many addresses as the
// heap may ever have.
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/base/bits.h"
#include "kernel/mm/heap/slab_geometry.h"
#include "userspace/libatlas/descriptor_space.h"
#include "userspace/libatlas/program_heap.h"

namespace libatlas {
namespace {

class MappedRegion final : public MemoryRegion {
 public:
  MappedRegion(std::byte* base, const DescriptorSpace& space) : base_(base), space_(space) {}

  std::byte* base() const override { return base_; }
  std::span<mm::FrameDescriptor> descriptors() const override { return space_.descriptors; }
  std::span<PageNote> notes() const override { return space_.notes; }
  base::Result<> Resize(size_t bytes) override {
    if (bytes < used_) Forget(base_ + bytes, used_ - bytes);
    used_ = bytes;
    return {};
  }
  void Forget(void* first, size_t bytes) override { madvise(first, bytes, MADV_DONTNEED); }

 private:
  std::byte* base_;
  DescriptorSpace space_;
  size_t used_ = 0;
};

[[clang::no_destroy]] constinit std::optional<MappedRegion> region;

}  // namespace

base::Result<MemoryRegion*> OpenRegion() {
  // Where there are few addresses, as many as there are room for.
  constexpr size_t kLeastHeapBytes = size_t{16} << 20;
  for (size_t bytes = kMostHeapBytes; bytes >= kLeastHeapBytes; bytes /= 2) {
    const base::Result<std::byte*> memory = ReserveAddresses(bytes + mm::kMaxSlabBytes);
    if (!memory) continue;
    const auto base =
        base::AlignUp(uint64_t{reinterpret_cast<uintptr_t>(*memory)}, mm::kMaxSlabBytes);
    region.emplace(reinterpret_cast<std::byte*>(static_cast<uintptr_t>(base)),
                   TRY(ReserveDescriptors(bytes)));
    return &*region;
  }
  return std::unexpected(base::Error::kOutOfMemory);
}

}  // namespace libatlas
