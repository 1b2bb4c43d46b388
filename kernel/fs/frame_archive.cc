#include "kernel/fs/frame_archive.h"

#include <algorithm>

#include "kernel/base/check.h"
#include "kernel/mm/facts/address.h"
#include "kernel/sync/cpu.h"

namespace fs {

void FrameArchive::Read(uint64_t offset, std::span<std::byte> bytes) const {
  CHECK(offset <= range_.size_bytes && bytes.size() <= range_.size_bytes - offset);
  size_t done = 0;
  while (done < bytes.size()) {
    const mm::PhysAddr pa = range_.base + (offset + done);
    const auto in_frame = static_cast<size_t>(pa.value % mm::kPageSize);
    const size_t piece =
        std::min(bytes.size() - done, static_cast<size_t>(mm::kPageSize) - in_frame);
    const locking::CpuPin pin;
    const mm::FrameWindow window = windows_.Open(pin, mm::FrameContaining(pa));
    const auto shown = window.bytes().subspan(in_frame, piece);
    std::ranges::copy(shown, bytes.begin() + static_cast<ptrdiff_t>(done));
    done += piece;
  }
}

}  // namespace fs
