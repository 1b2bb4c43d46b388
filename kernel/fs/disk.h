// The machine's disk as programs see it, /dev/vda: a page cache, and the transfers between that and
// the disk, which a driver does. The driver is a program that comes, crashes, and comes again.
//
// No locks, see object.h. What may block says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <utility>

#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"
#include "kernel/fs/buffer.h"
#include "kernel/fs/object.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/space/memory_object.h"
#include "kernel/mm/space/paged_object.h"
#include "kernel/mm/space/user_frames.h"
#include "kernel/posix/errno.h"
#include "kernel/sched/wait_queue.h"

namespace fs {

// What a call says whose pages went that way.
[[nodiscard]] constexpr posix::Result<> ResultOf(mm::PageMove move) {
  switch (move) {
    case mm::PageMove::kDone:
      return {};
    case mm::PageMove::kInterrupted:
      return std::unexpected(posix::Errno::kRestart);
    case mm::PageMove::kOutOfMemory:
      return std::unexpected(posix::Errno::kOutOfMemory);
    case mm::PageMove::kFailed:
      break;
  }
  return std::unexpected(posix::Errno::kInputOutput);
}

enum class TransferKind : uint32_t {
  kRead,
  kWrite,
  kFlush,  // what was written is to survive the machine: no memory, no bytes
};

// What a driver is to do.
struct TransferOrder {
  uint32_t number = 0;  // of the transfer, for Finish()
  TransferKind kind = TransferKind::kRead;
  mm::PhysAddr memory{};  // a page, of which the first `size_bytes` are meant
  uint64_t offset = 0;    // on the disk
  uint32_t size_bytes = 0;
};

class DiskDriver {
 public:
  // There may be transfers to take. Does not block.
  virtual void OnTransfers() = 0;
  // Whether the current thread may wait for the driver: it is not the driver's own.
  [[nodiscard]] virtual bool MayBeAwaited() const = 0;

 protected:
  DiskDriver() = default;
  ~DiskDriver() = default;
  DiskDriver(const DiskDriver&) = default;
  DiskDriver& operator=(const DiskDriver&) = default;
};

// A page on its way; somebody waits for its end, but for a signal.
class Transfer final : public Object, public base::ListHook<Transfer> {
 public:
  Transfer(Memory& memory, TransferKind kind, uint64_t page,
           std::optional<mm::FrameReference> frame)
      : Object(memory), kind_(kind), page_(page), frame_(std::move(frame)) {}

 private:
  friend class Disk;

  TransferKind kind_;
  uint64_t page_;
  std::optional<mm::FrameReference> frame_;  // nothing to flush
  uint32_t number_ = 0;
  std::optional<mm::PageMove> end_;
  sched::WaitQueue ended_;
  Ref<Transfer> kept_;  // itself, while it is in a list
};

class Disk final : private mm::PageFiller {
 public:
  static constexpr uint64_t kSectorBytes = 512;
  // With the driver at a time.
  static constexpr size_t kMostSent = 8;

  // Both outlive it.
  Disk(Memory& memory, mm::PagedObjectPool& pool) : memory_(memory), pool_(pool) {}
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  // CHECKed: nobody maps it, and it has no driver.
  ~Disk();

  // --- For the driver. --------------------------------------------------------------------------

  enum class Writing : uint8_t { kAllowed, kForbidden };
  // From now on the driver does what is to be done. Contents of a disk of the same size as before
  // are still known. Errors: kInvalid (no whole sectors, none, or too many), kExists (there is a
  // driver), kOutOfMemory.
  [[nodiscard]] posix::Result<> Offer(DiskDriver& driver, uint64_t size_bytes, Writing writing);
  // The driver does nothing any more, and all that waits for it fails. Memory that a device may
  // still write to, because it is not quiet, is never used again.
  enum class Device : uint8_t { kQuiet, kMayStillWrite };
  void Revoke(Device device);
  // The next order; nothing when there is none, or enough are under way.
  [[nodiscard]] std::optional<TransferOrder> Take();
  // Error: kNoEntry (no such one is under way).
  enum class Ending : uint8_t { kDone, kFailed };
  [[nodiscard]] posix::Result<> Finish(uint32_t number, Ending ending);

  // --- For files. -------------------------------------------------------------------------------

  [[nodiscard]] bool HasDriver() const { return driver_ != nullptr; }
  [[nodiscard]] bool IsWritable() const { return writing_ == Writing::kAllowed; }
  [[nodiscard]] uint64_t size_bytes() const { return size_bytes_; }
  // Null before the first driver.
  [[nodiscard]] mm::PagedObject* pages() const { return object_; }

  // Both block. Errors: kInputOutput, kRestart, kOutOfMemory, kFault; kReadOnly; kNoSpace (a write
  // from the disk's end on).
  [[nodiscard]] posix::Result<size_t> ReadAt(uint64_t offset, Destination& destination);
  [[nodiscard]] posix::Result<size_t> WriteAt(uint64_t offset, Source& source);
  // What was written to mappings is on the disk, and survives. Blocks. Errors: kInputOutput,
  // kRestart, kOutOfMemory.
  [[nodiscard]] posix::Result<> Sync();

  // Pages that a device may still write to.
  [[nodiscard]] mm::PageCount lost_pages() const { return lost_pages_; }

  // Error: kCorrupt.
  [[nodiscard]] base::Result<> CheckInvariants();

 private:
  base::Result<> FillPage(uint64_t number, std::span<std::byte, mm::kPageSize> page) override;
  bool LoadsPages() const override { return true; }
  mm::PageMove LoadPage(uint64_t number) override;
  mm::PageMove StorePages(uint64_t first, uint64_t last) override;
  void ObjectEnded() override {}

  // The page's bytes that are on the disk.
  [[nodiscard]] uint32_t BytesOf(uint64_t page) const;
  [[nodiscard]] Transfer* ScanForLoading(uint64_t page);
  // Starts one; null: kFailed or kOutOfMemory.
  [[nodiscard]] std::expected<Ref<Transfer>, mm::PageMove> Start(
      TransferKind kind, uint64_t page, std::optional<mm::FrameReference> frame);
  // Starts one and blocks until it ends.
  [[nodiscard]] mm::PageMove Do(TransferKind kind, uint64_t page,
                                std::optional<mm::FrameReference> frame);
  [[nodiscard]] static mm::PageMove WaitFor(Transfer& transfer);
  static void End(Transfer& transfer, mm::PageMove end);
  [[nodiscard]] posix::Result<size_t> WritePiece(uint64_t offset, Source& source);
  // What a driver that has read it leaves.
  [[nodiscard]] mm::PageMove Keep(Transfer& transfer);

  Memory& memory_;
  mm::PagedObjectPool& pool_;
  DiskDriver* driver_ = nullptr;
  uint64_t size_bytes_ = 0;
  Writing writing_ = Writing::kForbidden;
  mm::PagedObject* object_ = nullptr;
  mm::ObjectReference reference_;
  base::List<Transfer> unsent_;
  base::List<Transfer> sent_;
  size_t sent_count_ = 0;
  uint32_t last_number_ = 0;
  mm::PageCount lost_pages_{};
};

}  // namespace fs
