#include "kernel/init/initrd_bytes.h"

#include <algorithm>
#include <cstring>

#include "kernel/base/check.h"
#include "kernel/mm/address.h"
#include "kernel/sync/cpu.h"

namespace kernel {

void InitrdBytes::Read(uint64_t offset, std::span<std::byte> bytes) const {
  CHECK(offset <= range_.size_bytes && bytes.size() <= range_.size_bytes - offset);
  while (!bytes.empty()) {
    const mm::PhysAddr from = range_.base + offset;
    const auto in_page = static_cast<size_t>(from.value % mm::kPageSize);
    const size_t count = std::min(bytes.size(), static_cast<size_t>(mm::kPageSize) - in_page);
    const locking::CpuPin pin;
    const mm::FrameWindow window = windows_.Open(pin, mm::FrameContaining(from));
    std::memcpy(bytes.data(), window.bytes().data() + in_page, count);
    bytes = bytes.subspan(count);
    offset += count;
  }
}

}  // namespace kernel
