#include "userspace/libatlas/descriptor_space.h"

#include <sys/mman.h>

#include "kernel/mm/facts/address.h"

namespace libatlas {
namespace {

constexpr size_t kLeastPages = 4096;

}  // namespace

base::Result<std::byte*> ReserveAddresses(size_t bytes) {
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return std::unexpected(base::Error::kOutOfMemory);
  return static_cast<std::byte*>(memory);
}

base::Result<DescriptorSpace> ReserveDescriptors(size_t heap_bytes) {
  for (size_t pages = heap_bytes >> mm::kPageShift; pages >= kLeastPages; pages /= 2) {
    const size_t descriptor_bytes = pages * sizeof(mm::FrameDescriptor);
    const auto memory = ReserveAddresses(descriptor_bytes + pages * sizeof(PageNote));
    if (!memory) continue;
    return DescriptorSpace{
        .descriptors = {reinterpret_cast<mm::FrameDescriptor*>(*memory), pages},
        .notes = {reinterpret_cast<PageNote*>(*memory + descriptor_bytes), pages}};
  }
  return std::unexpected(base::Error::kOutOfMemory);
}

}  // namespace libatlas
