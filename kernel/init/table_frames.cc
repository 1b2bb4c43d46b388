#include "kernel/init/table_frames.h"

#include <bit>
#include <cstring>

#include "arch/ops/paging.h"
#include "kernel/base/check.h"

namespace kernel {
namespace {

// Beyond this, forgetting everything costs less than what it takes to forget each page: the number
// that Linux settled on for x86, in arch/x86/mm/tlb.c.
constexpr uint64_t kMaxPagesOneByOne = 33;

}  // namespace

base::Result<mm::PhysAddr> TableFrames::AllocateTable(uint64_t bytes, uint64_t alignment) {
  CHECK(std::has_single_bit(bytes) && alignment <= bytes);
  mm::PhysAddr table;
  if (bytes >= mm::kPageSize) {
    table = TRY(AllocateFrames(bytes, alignment));
  } else if (const auto piece = TakePiece(bytes)) {
    table = *piece;
  } else {
    table = TRY(AllocateFrames(mm::kPageSize, mm::kPageSize));
    for (uint64_t offset = bytes; offset < mm::kPageSize; offset += bytes) {
      KeepPiece(table + offset, bytes);
    }
  }
  std::memset(Pointer(table), 0, static_cast<size_t>(bytes));
  return table;
}

void TableFrames::FreeTable(mm::PhysAddr table, uint64_t bytes) {
  if (bytes < mm::kPageSize) {
    KeepPiece(table, bytes);
    return;
  }
  // Tables made before the frame allocator was up are not its to take; start-up frees none.
  CHECK(frames_ != nullptr);
  const mm::PageCount pages = mm::PagesFor(bytes);
  CHECK(frames_->Free(mm::FrameContaining(table), pages).has_value());
}

base::Result<mm::PhysAddr> TableFrames::AllocateFrames(uint64_t bytes, uint64_t alignment) {
  const mm::PageCount pages = mm::PagesFor(bytes);
  if (frames_ == nullptr) {
    return TRY(early_->Allocate(pages, alignment, mm::MemoryState::kKernelTables)).base;
  }
  // A run of 2^n frames is aligned to its size, which is at least `alignment`.
  return mm::BaseOf(TRY(frames_->Allocate(pages, mm::ZoneKind::kNormal)));
}

std::optional<mm::PhysAddr> TableFrames::TakePiece(uint64_t bytes) {
  std::optional<mm::PhysAddr>& head = free_pieces_[std::countr_zero(bytes)];
  if (!head) return std::nullopt;
  const mm::PhysAddr taken = *head;
  std::memcpy(&head, Pointer(taken), sizeof(head));
  return taken;
}

void TableFrames::KeepPiece(mm::PhysAddr piece, uint64_t bytes) {
  std::optional<mm::PhysAddr>& head = free_pieces_[std::countr_zero(bytes)];
  std::memcpy(Pointer(piece), &head, sizeof(head));
  head = piece;
}

void TableFrames::Publish(const mm::VirtRange&) { arch::PublishTables(); }

void TableFrames::Invalidate(const mm::VirtRange& range) {
  const uint64_t pages = mm::PagesFor(range.size_bytes).value;
  if (pages > kMaxPagesOneByOne) {
    arch::InvalidateAll();
    return;
  }
  for (uint64_t page = 0; page < pages; ++page) {
    arch::InvalidatePage(range.base + page * mm::kPageSize);
  }
}

}  // namespace kernel
