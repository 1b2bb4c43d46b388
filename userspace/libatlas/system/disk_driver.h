// The machine's disk as a file of everybody's, /dev/vda, for the system process: -EPERM to every
// other. The kernel asks for transfers between pages and the disk, by messages; results are as in
// interrupts.h.
#pragma once

#include <cstdint>

#include "userspace/libatlas/native/message.h"

namespace atlas {

enum class DiskWriting : uint32_t { kAllowed = 0, kForbidden = 1 };

// There is /dev/vda from now on. The number of the offer, or -EINVAL: nobody receives, or no whole
// sectors; -EEXIST: it is offered, or somebody has made that file; -ENOMEM.
long OfferDisk(uint64_t size_bytes, DiskWriting writing);

// What the driver has not finished fails, and the file is gone. Memory of transfers to it that a
// device may still write to is never used again. -ENOENT: it is not offered.
enum class DiskDevice : uint32_t { kQuiet = 0, kMayStillWrite = 1 };
long RevokeDisk(DiskDevice device);

// A transfer is done, or has failed. -ENOENT: the kernel waits for none with that number.
enum class TransferEnding : uint32_t { kDone = 0, kFailed = 1 };
long FinishTransfer(uint32_t number, TransferEnding ending);

enum class TransferKind : uint32_t {
  kRead = 0,
  kWrite = 1,
  kFlush = 2,  // what was written is to survive the machine; no memory
};

// A page's first bytes and the disk's from `offset` on; in whole sectors.
struct Transfer {
  uint32_t number;
  TransferKind kind;
  uint32_t offer;   // of another one than the last: its memory is somebody else's now
  uint64_t memory;  // where devices find it
  uint64_t offset;
  uint32_t size_bytes;
};

// Whether a message that Receive() returned is the kernel's, of a transfer; then that.
inline constexpr uint32_t kTransferFunction = 2;
inline bool IsTransfer(const Message& message) {
  return message.sender == 0 && message.function == kTransferFunction;
}
inline Transfer TransferOf(const Message& message) {
  return {.number = static_cast<uint32_t>(message.arguments[0]),
          .kind = static_cast<TransferKind>(static_cast<uint32_t>(message.arguments[1])),
          .offer = static_cast<uint32_t>(message.arguments[1] >> 32),
          .memory = message.arguments[2],
          .offset = message.arguments[3],
          .size_bytes = static_cast<uint32_t>(message.arguments[4])};
}

}  // namespace atlas
