#include "userspace/libatlas/descriptor_space.h"

#include <sys/mman.h>

#include "kernel/mm/address.h"

namespace libatlas {

base::Result<std::byte*> ReserveAddresses(size_t bytes) {
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return std::unexpected(base::Error::kOutOfMemory);
  return static_cast<std::byte*>(memory);
}

base::Result<std::span<mm::FrameDescriptor>> ReserveDescriptors(size_t heap_bytes) {
  const size_t pages = heap_bytes >> mm::kPageShift;
  std::byte* const memory = TRY(ReserveAddresses(pages * sizeof(mm::FrameDescriptor)));
  return std::span(reinterpret_cast<mm::FrameDescriptor*>(memory), pages);
}

}  // namespace libatlas
