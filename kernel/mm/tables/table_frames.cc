#include "kernel/mm/tables/table_frames.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <utility>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"

namespace mm {
namespace {

// One bit for each piece of a frame.
constexpr uint32_t AllPieces(unsigned log2_bytes) {
  return static_cast<uint32_t>(base::LowBits(1U << (kPageShift - log2_bytes)));
}

// Of the frames that hold one, or pieces of that size.
constexpr unsigned OrderOf(unsigned log2_bytes) {
  return log2_bytes < kPageShift ? 0 : log2_bytes - kPageShift;
}

// Not std::has_single_bit(), which counts bits: without an instruction for it that takes longer
// than the rest.
constexpr bool IsPowerOfTwo(uint64_t bytes) { return bytes != 0 && (bytes & (bytes - 1)) == 0; }

constexpr unsigned LogOf(uint64_t bytes) {
  return static_cast<unsigned>(std::countr_zero(static_cast<uint32_t>(bytes)));
}

constexpr PhysAddr FrameOf(PhysAddr piece) { return AlignDown(piece, kPageSize); }

constexpr unsigned IndexOf(PhysAddr piece, unsigned log2_bytes) {
  return static_cast<unsigned>((piece.value & (kPageSize - 1)) >> log2_bytes);
}

constexpr PhysAddr PieceAt(PhysAddr frame, unsigned index, unsigned log2_bytes) {
  return frame + (uint64_t{index} << log2_bytes);
}

}  // namespace

base::Result<PhysAddr> TableFrames::AllocateTable(uint64_t bytes, uint64_t alignment) {
  CHECK(IsPowerOfTwo(bytes) && kMinTableBytes <= bytes && bytes <= kMaxTableBytes);
  CHECK(alignment <= bytes);
  const unsigned log2_bytes = LogOf(bytes);
  std::optional<Taken> taken;
  {
    const locking::SpinLockHolder holder(lock_);
    taken = Take(log2_bytes);
    if (taken) table_bytes_ += bytes;
  }
  if (!taken) {
    const unsigned order = OrderOf(log2_bytes);
    const PhysAddr frame = TRY(AllocateFrames(order));
    const locking::SpinLockHolder holder(lock_);
    frames_ += PageCount{base::Bit(order)};
    table_bytes_ += bytes;
    taken = {frame, Holds::kAnything};
    if (bytes < kPageSize) {
      // All of it: else it would not be known to be zeroes when the last piece comes back.
      std::memset(Pointer(frame), 0, kPageSize);
      CutFrame(frame, log2_bytes);
      taken->holds = Holds::kZeroes;
    }
  }
  if (taken->holds != Holds::kZeroes) {
    std::memset(Pointer(taken->memory), 0, static_cast<size_t>(bytes));
  }
  return taken->memory;
}

// From the source; spare frames of another order may make it possible.
base::Result<PhysAddr> TableFrames::AllocateFrames(unsigned order) {
  const base::Result<PhysAddr> first = source_.AllocateFrames(order);
  if (first || GiveBackSpareFrames() == PageCount{0}) return first;
  return source_.AllocateFrames(order);
}

// Without the source.
std::optional<TableFrames::Taken> TableFrames::Take(unsigned log2_bytes) {
  Lists& lists = lists_[log2_bytes];
  if (lists.kept != kNoFrame) return Taken{TakeFirst(lists.kept), Holds::kAnything};
  const bool whole = log2_bytes >= kPageShift;
  if (!whole && lists.partly_free != kNoFrame) return TakePiece(log2_bytes);
  const unsigned order = OrderOf(log2_bytes);
  if (spare_[order] == kNoFrame) return std::nullopt;
  const PhysAddr frame = TakeFirst(spare_[order]);
  spare_frames_ -= PageCount{base::Bit(order)};
  frames_ += PageCount{base::Bit(order)};
  if (!whole) CutFrame(frame, log2_bytes);
  return Taken{frame, Holds::kZeroes};
}

void TableFrames::Free(PhysAddr table, uint64_t bytes, Holds holds) {
  CHECK(IsPowerOfTwo(bytes) && IsAligned(table, bytes));
  const unsigned log2_bytes = LogOf(bytes);
  const unsigned order = OrderOf(log2_bytes);
  {
    const locking::SpinLockHolder holder(lock_);
    table_bytes_ -= bytes;
    if (source_.DescriptorOf(FrameOf(table)) == nullptr) {
      return PutFirst(lists_[log2_bytes].kept, table);
    }
    if (bytes < kPageSize) {
      const std::optional<Holds> all = FreePiece(table, log2_bytes, holds);
      if (!all) return;
      holds = *all;
    }
    frames_ -= PageCount{base::Bit(order)};
    if (holds == Holds::kZeroes && KeepSpare(FrameOf(table), order)) return;
  }
  source_.FreeFrames(FrameOf(table), order);
}

// Whether there is room for it.
bool TableFrames::KeepSpare(PhysAddr first, unsigned order) {
  const PageCount pages{base::Bit(order)};
  if (spare_frames_ + pages > kMostSpareFrames) return false;
  spare_frames_ += pages;
  PutFirst(spare_[order], first);
  return true;
}

PageCount TableFrames::GiveBackSpareFrames() {
  PageCount given{0};
  for (unsigned order = 0; order < kOrders; ++order) {
    for (;;) {
      PhysAddr first;
      {
        const locking::SpinLockHolder holder(lock_);
        if (spare_[order] == kNoFrame) break;
        first = TakeFirst(spare_[order]);
        spare_frames_ -= PageCount{base::Bit(order)};
      }
      source_.FreeFrames(first, order);
      given += PageCount{base::Bit(order)};
    }
  }
  return given;
}

uint64_t TableFrames::table_bytes() const {
  const locking::SpinLockHolder holder(lock_);
  return table_bytes_;
}

PageCount TableFrames::frames() const {
  const locking::SpinLockHolder holder(lock_);
  return frames_;
}

PageCount TableFrames::spare_frames() const {
  const locking::SpinLockHolder holder(lock_);
  return spare_frames_;
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

// From a list whose members hold the address of the next, in what are zeroes again then.
PhysAddr TableFrames::TakeFirst(PhysAddr& head) {
  const PhysAddr first = head;
  head = std::exchange(*static_cast<PhysAddr*>(Pointer(first)), PhysAddr{});
  return first;
}

void TableFrames::PutFirst(PhysAddr& head, PhysAddr memory) {
  *static_cast<PhysAddr*>(Pointer(memory)) = head;
  head = memory;
}

TableFrames::Taken TableFrames::TakePiece(unsigned log2_bytes) {
  const PhysAddr frame = lists_[log2_bytes].partly_free;
  Pieces pieces = PiecesOf(frame);
  const auto index = static_cast<unsigned>(std::countr_zero(pieces.free));
  Links* const place = LinksOf(frame);
  const Links links = *place;
  pieces.free &= pieces.free - 1;
  if (pieces.free == 0) {
    Unlink(frame, log2_bytes);
    SetPieces(frame, pieces);
  } else {
    SetPieces(frame, pieces);
    *LinksOf(frame) = links;
  }
  std::memset(place, 0, sizeof(links));
  return {PieceAt(frame, index, log2_bytes), pieces.holds};
}

// Of a frame of zeroes the first piece is taken; the others are free.
void TableFrames::CutFrame(PhysAddr frame, unsigned log2_bytes) {
  if (source_.DescriptorOf(frame) == nullptr) {
    const unsigned pieces = 1U << (kPageShift - log2_bytes);
    for (unsigned i = 1; i < pieces; ++i) {
      PutFirst(lists_[log2_bytes].kept, PieceAt(frame, i, log2_bytes));
    }
    return;
  }
  SetPieces(frame, {.free = AllPieces(log2_bytes) & ~uint32_t{1},
                    .log2_bytes = static_cast<uint16_t>(log2_bytes),
                    .holds = Holds::kZeroes});
  Link(frame, log2_bytes);
}

std::optional<TableFrames::Holds> TableFrames::FreePiece(PhysAddr piece, unsigned log2_bytes,
                                                         Holds holds) {
  const PhysAddr frame = FrameOf(piece);
  Pieces pieces = PiecesOf(frame);
  const uint32_t bit = uint32_t{1} << IndexOf(piece, log2_bytes);
  CHECK(pieces.log2_bytes == log2_bytes);
  CHECK((pieces.free & bit) == 0);  // else: freed twice
  const bool is_listed = pieces.free != 0;
  Links* const place = is_listed ? LinksOf(frame) : nullptr;
  const Links links = is_listed ? *place : Links{};
  pieces.free |= bit;
  if (holds == Holds::kAnything) pieces.holds = holds;
  if (pieces.free == AllPieces(log2_bytes)) {
    Unlink(frame, log2_bytes);
    std::memset(place, 0, sizeof(links));
    SetPieces(frame, {});
    return pieces.holds;
  }
  SetPieces(frame, pieces);
  if (is_listed) {
    std::memset(place, 0, sizeof(links));
    *LinksOf(frame) = links;
  } else {
    Link(frame, log2_bytes);
  }
  return std::nullopt;
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
  return CheckSpare();
}

// So many as are counted, and zeroes behind the links.
base::Result<> TableFrames::CheckSpare() const {
  PageCount found{0};
  for (unsigned order = 0; order < kOrders; ++order) {
    const size_t count =
        static_cast<size_t>(PageCount{base::Bit(order)}.bytes()) / sizeof(PhysAddr);
    for (PhysAddr first = spare_[order]; first != kNoFrame;) {
      const std::span words(static_cast<const PhysAddr*>(Pointer(first)), count);
      const auto is_zero = [](PhysAddr word) { return word.value == 0; };
      found += PageCount{base::Bit(order)};
      if (found > spare_frames_ || !std::ranges::all_of(words.subspan(1), is_zero)) {
        return std::unexpected(base::Error::kCorrupt);
      }
      first = words[0];
    }
  }
  if (found != spare_frames_) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace mm
