// Memory for page tables: whole frames, or pieces of one where the hardware's tables are smaller
// (ARM's second level is 1 KiB, its first 16 KiB >> N). Pieces of one size share a frame, and a
// frame whose pieces are all free goes back at once.
//
// But for a few that are all zeroes, as a process's tables are when its last page is gone: those
// serve the next process, whose tables would take longer to clear than to fill. They count as free
// memory (spare_frames()).
//
// Nothing is kept beside the frames: the owner's word of each frame's descriptor says which pieces
// are free, and frames with free pieces are listed in those.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/sync/spin_lock.h"

namespace mm {

// Where table frames come from. Callable on every processor at once.
class TableFrameSource {
 public:
  // 2^order frames side by side, aligned to their size; contents arbitrary. Error: kOutOfMemory.
  [[nodiscard]] virtual base::Result<PhysAddr> AllocateFrames(unsigned order) = 0;

  // What AllocateFrames() gave for the same `order`.
  virtual void FreeFrames(PhysAddr first, unsigned order) = 0;

  // Where physical memory of these frames can be read and written.
  [[nodiscard]] virtual void* Pointer(PhysAddr pa) = 0;

  // Of a frame in use, whose owner's word is the user's, contents arbitrary at first. Null for
  // memory that cannot go back (what start-up took): its pieces are kept for the next tables of
  // their size.
  [[nodiscard]] virtual FrameDescriptor* DescriptorOf(PhysAddr frame) = 0;

 protected:
  TableFrameSource() = default;
  ~TableFrameSource() = default;
  TableFrameSource(const TableFrameSource&) = default;
  TableFrameSource& operator=(const TableFrameSource&) = default;
};

// Callable on every processor at once.
class TableFrames {
 public:
  static constexpr uint64_t kMinTableBytes = 128;       // ARM's first level with TTBCR.N = 7
  static constexpr uint64_t kMaxTableBytes = 16 << 10;  // and with 0
  // What is kept at most, all zeroes: the tables of three or four small processes.
  static constexpr PageCount kMostSpareFrames{32};

  explicit TableFrames(TableFrameSource& source) : source_(source) {}
  TableFrames(const TableFrames&) = delete;
  TableFrames& operator=(const TableFrames&) = delete;

  // `bytes` zeroed, aligned to their size: a power of two between the bounds. Error: kOutOfMemory.
  // O(1).
  [[nodiscard]] base::Result<PhysAddr> AllocateTable(uint64_t bytes, uint64_t alignment);

  // What AllocateTable() gave for the same `bytes`; CHECKed as far as the frame's word tells. O(1).
  void FreeTable(PhysAddr table, uint64_t bytes) { Free(table, bytes, Holds::kAnything); }
  // The same for a table that holds nothing but zeroes.
  void FreeZeroedTable(PhysAddr table, uint64_t bytes) { Free(table, bytes, Holds::kZeroes); }

  // Keeps no spare frames; returns how many went.
  PageCount GiveBackSpareFrames();

  [[nodiscard]] void* Pointer(PhysAddr table) const { return source_.Pointer(table); }

  // Bytes of all tables in use, and frames held for them.
  [[nodiscard]] uint64_t table_bytes() const;
  [[nodiscard]] PageCount frames() const;
  // Frames without tables that are kept.
  [[nodiscard]] PageCount spare_frames() const;

  // kCorrupt when the lists and the words disagree, or what is spare is not all zeroes. O(frames
  // with free pieces, and spare ones).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  static constexpr unsigned kSizes = 15;  // by log2 of their bytes
  static constexpr unsigned kOrders = kSizes - kPageShift;

  // Frame addresses; kNoFrame at the ends.
  struct Links {
    PhysAddr next;
    PhysAddr previous;
  };
  static constexpr PhysAddr kNoFrame{~uint64_t{0}};

  // What free memory holds, but for links.
  enum class Holds : uint16_t { kZeroes, kAnything };

  // A frame's word: which pieces are free, their size, and what the free ones hold.
  struct Pieces {
    uint32_t free = 0;
    uint16_t log2_bytes = 0;
    Holds holds = Holds::kZeroes;
  };

  // Memory for a table.
  struct Taken {
    PhysAddr memory;
    Holds holds;
  };

  [[nodiscard]] Pieces PiecesOf(PhysAddr frame) const;
  void SetPieces(PhysAddr frame, Pieces pieces);
  [[nodiscard]] Links* LinksOf(PhysAddr frame) const;

  void Free(PhysAddr table, uint64_t bytes, Holds holds);
  [[nodiscard]] base::Result<PhysAddr> AllocateFrames(unsigned order);

  [[nodiscard]] std::optional<Taken> Take(unsigned log2_bytes) REQUIRES(lock_);
  [[nodiscard]] PhysAddr TakeFirst(PhysAddr& head) REQUIRES(lock_);
  void PutFirst(PhysAddr& head, PhysAddr memory) REQUIRES(lock_);
  [[nodiscard]] Taken TakePiece(unsigned log2_bytes) REQUIRES(lock_);
  void CutFrame(PhysAddr frame, unsigned log2_bytes) REQUIRES(lock_);
  // What the frame holds when it has become free altogether; it is on no list then.
  [[nodiscard]] std::optional<Holds> FreePiece(PhysAddr piece, unsigned log2_bytes, Holds holds)
      REQUIRES(lock_);
  [[nodiscard]] bool KeepSpare(PhysAddr first, unsigned order) REQUIRES(lock_);
  [[nodiscard]] base::Result<> CheckSpare() const REQUIRES(lock_);
  void Link(PhysAddr frame, unsigned log2_bytes) REQUIRES(lock_);
  void Unlink(PhysAddr frame, unsigned log2_bytes) REQUIRES(lock_);

  TableFrameSource& source_;
  mutable locking::SpinLock lock_;
  struct Lists {
    PhysAddr partly_free = kNoFrame;  // frames
    PhysAddr kept = kNoFrame;         // tables, each holding the address of the next
  };
  std::array<Lists, kSizes> lists_ GUARDED_BY(lock_);
  // Runs of zeroes by their order, each holding the address of the next.
  std::array<PhysAddr, kOrders> spare_ GUARDED_BY(lock_) = {kNoFrame, kNoFrame, kNoFrame};
  PageCount spare_frames_ GUARDED_BY(lock_);
  uint64_t table_bytes_ GUARDED_BY(lock_) = 0;
  PageCount frames_ GUARDED_BY(lock_);
};

}  // namespace mm
