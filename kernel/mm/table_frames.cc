#include "kernel/mm/table_frames.h"

#include <bit>
#include <cstring>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"

namespace mm {
namespace {

// One bit for each piece of a frame.
constexpr uint32_t AllPieces(unsigned log2_bytes) {
  return static_cast<uint32_t>(base::LowBits(1U << (kPageShift - log2_bytes)));
}

constexpr unsigned OrderOf(unsigned log2_bytes) { return log2_bytes - kPageShift; }

constexpr PhysAddr FrameOf(PhysAddr piece) { return AlignDown(piece, kPageSize); }

constexpr unsigned IndexOf(PhysAddr piece, unsigned log2_bytes) {
  return static_cast<unsigned>((piece.value & (kPageSize - 1)) >> log2_bytes);
}

constexpr PhysAddr PieceAt(PhysAddr frame, unsigned index, unsigned log2_bytes) {
  return frame + (uint64_t{index} << log2_bytes);
}

}  // namespace

base::Result<PhysAddr> TableFrames::AllocateTable(uint64_t bytes, uint64_t alignment) {
  CHECK(std::has_single_bit(bytes) && kMinTableBytes <= bytes && bytes <= kMaxTableBytes);
  CHECK(alignment <= bytes);
  const auto log2_bytes = static_cast<unsigned>(std::countr_zero(bytes));
  const bool whole = bytes >= kPageSize;
  std::optional<PhysAddr> table;
  {
    const locking::SpinLockHolder holder(lock_);
    table = TakeKept(log2_bytes);
    if (!table && !whole) table = TakePiece(log2_bytes);
    if (table) table_bytes_ += bytes;
  }
  if (!table) {
    const unsigned order = whole ? OrderOf(log2_bytes) : 0;
    const PhysAddr frame = TRY(source_.AllocateFrames(order));
    const locking::SpinLockHolder holder(lock_);
    frames_ += PageCount{base::Bit(order)};
    table_bytes_ += bytes;
    table = whole ? frame : CutFrame(frame, log2_bytes);
  }
  std::memset(Pointer(*table), 0, static_cast<size_t>(bytes));
  return *table;
}

void TableFrames::FreeTable(PhysAddr table, uint64_t bytes) {
  CHECK(std::has_single_bit(bytes) && IsAligned(table, bytes));
  const auto log2_bytes = static_cast<unsigned>(std::countr_zero(bytes));
  const unsigned order = bytes >= kPageSize ? OrderOf(log2_bytes) : 0;
  {
    const locking::SpinLockHolder holder(lock_);
    table_bytes_ -= bytes;
    if (source_.DescriptorOf(FrameOf(table)) == nullptr) return Keep(table, log2_bytes);
    if (bytes < kPageSize && !FreePiece(table, log2_bytes)) return;
    frames_ -= PageCount{base::Bit(order)};
  }
  source_.FreeFrames(FrameOf(table), order);
}

uint64_t TableFrames::table_bytes() const {
  const locking::SpinLockHolder holder(lock_);
  return table_bytes_;
}

PageCount TableFrames::frames() const {
  const locking::SpinLockHolder holder(lock_);
  return frames_;
}

TableFrames::Pieces TableFrames::PiecesOf(PhysAddr frame) const {
  return std::bit_cast<Pieces>(source_.DescriptorOf(frame)->owner());
}

void TableFrames::SetPieces(PhysAddr frame, Pieces pieces) {
  source_.DescriptorOf(frame)->SetOwner(std::bit_cast<uint64_t>(pieces));
}

// In the lowest free piece: the frame has one.
TableFrames::Links* TableFrames::LinksOf(PhysAddr frame) const {
  const Pieces pieces = PiecesOf(frame);
  const auto lowest = static_cast<unsigned>(std::countr_zero(pieces.free));
  return static_cast<Links*>(Pointer(PieceAt(frame, lowest, pieces.log2_bytes)));
}

std::optional<PhysAddr> TableFrames::TakeKept(unsigned log2_bytes) {
  PhysAddr& head = lists_[log2_bytes].kept;
  if (head == kNoFrame) return std::nullopt;
  const PhysAddr table = head;
  std::memcpy(&head, Pointer(table), sizeof(head));
  return table;
}

void TableFrames::Keep(PhysAddr table, unsigned log2_bytes) {
  PhysAddr& head = lists_[log2_bytes].kept;
  std::memcpy(Pointer(table), &head, sizeof(head));
  head = table;
}

std::optional<PhysAddr> TableFrames::TakePiece(unsigned log2_bytes) {
  const PhysAddr frame = lists_[log2_bytes].partly_free;
  if (frame == kNoFrame) return std::nullopt;
  Pieces pieces = PiecesOf(frame);
  const auto index = static_cast<unsigned>(std::countr_zero(pieces.free));
  const Links links = *LinksOf(frame);
  pieces.free &= pieces.free - 1;
  if (pieces.free == 0) {
    Unlink(frame, log2_bytes);
    SetPieces(frame, pieces);
  } else {
    SetPieces(frame, pieces);
    *LinksOf(frame) = links;
  }
  return PieceAt(frame, index, log2_bytes);
}

// Gives the first piece; the others are free.
PhysAddr TableFrames::CutFrame(PhysAddr frame, unsigned log2_bytes) {
  if (source_.DescriptorOf(frame) == nullptr) {
    const unsigned pieces = 1U << (kPageShift - log2_bytes);
    for (unsigned i = 1; i < pieces; ++i) Keep(PieceAt(frame, i, log2_bytes), log2_bytes);
    return frame;
  }
  SetPieces(frame, {.free = AllPieces(log2_bytes) & ~uint32_t{1}, .log2_bytes = log2_bytes});
  Link(frame, log2_bytes);
  return frame;
}

bool TableFrames::FreePiece(PhysAddr piece, unsigned log2_bytes) {
  const PhysAddr frame = FrameOf(piece);
  Pieces pieces = PiecesOf(frame);
  const uint32_t bit = uint32_t{1} << IndexOf(piece, log2_bytes);
  CHECK(pieces.log2_bytes == log2_bytes);
  CHECK((pieces.free & bit) == 0);  // else: freed twice
  const bool is_listed = pieces.free != 0;
  const Links links = is_listed ? *LinksOf(frame) : Links{};
  pieces.free |= bit;
  if (pieces.free == AllPieces(log2_bytes)) {
    Unlink(frame, log2_bytes);
    SetPieces(frame, {});
    return true;
  }
  SetPieces(frame, pieces);
  if (is_listed) {
    *LinksOf(frame) = links;
  } else {
    Link(frame, log2_bytes);
  }
  return false;
}

void TableFrames::Link(PhysAddr frame, unsigned log2_bytes) {
  PhysAddr& head = lists_[log2_bytes].partly_free;
  *LinksOf(frame) = {.next = head, .previous = kNoFrame};
  if (head != kNoFrame) LinksOf(head)->previous = frame;
  head = frame;
}

void TableFrames::Unlink(PhysAddr frame, unsigned log2_bytes) {
  const Links links = *LinksOf(frame);
  if (links.next != kNoFrame) LinksOf(links.next)->previous = links.previous;
  if (links.previous != kNoFrame) {
    LinksOf(links.previous)->next = links.next;
  } else {
    lists_[log2_bytes].partly_free = links.next;
  }
}

base::Result<> TableFrames::CheckInvariants() const {
  const locking::SpinLockHolder holder(lock_);
  for (unsigned log2_bytes = 0; log2_bytes < kSizes; ++log2_bytes) {
    PhysAddr previous = kNoFrame;
    for (PhysAddr frame = lists_[log2_bytes].partly_free; frame != kNoFrame;) {
      const Pieces pieces = PiecesOf(frame);
      const bool some_free = pieces.free != 0 && pieces.free < AllPieces(log2_bytes);
      if (!some_free || pieces.log2_bytes != log2_bytes) {
        return std::unexpected(base::Error::kCorrupt);
      }
      const Links links = *LinksOf(frame);
      if (links.previous != previous) return std::unexpected(base::Error::kCorrupt);
      previous = frame;
      frame = links.next;
    }
  }
  return {};
}

}  // namespace mm
