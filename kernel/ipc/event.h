// Messages of native threads, as programs see them: libatlas has the same structures. The kernel
// reads them from a sender and writes them where the receiver can only read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ipc {

enum class EventFlag : uint32_t {
  kCall = 1,   // the sender waits for a reply
  kPages = 2,  // arguments[0] and [1] are address and bytes of pages that come with it
};

// `function` and `arguments` are the sender's; all else is the kernel's, but that a sender says
// kPages, and who replies which call he answers.
struct Event {
  int32_t sender = 0;   // the thread's number
  int32_t process = 0;  // its process's
  uint32_t function = 0;
  uint32_t flags = 0;
  uint64_t call = 0;  // among the sender's calls
  std::array<uint64_t, 5> arguments{};

  [[nodiscard]] constexpr bool Has(EventFlag flag) const {
    return (flags & static_cast<uint32_t>(flag)) != 0;
  }
};
static_assert(sizeof(Event) == 64);

// The first page of a thread's queue: counters, then the ring of events. The n-th event ever, from
// 0, is in slot n modulo `capacity`.
struct QueuePage {
  static constexpr size_t kBytes = 4096;
  static constexpr size_t kCapacity = kBytes / sizeof(Event) - 1;

  uint64_t arrived;   // events that ever came
  uint64_t received;  // and that were taken out; the last one stays as it is until the next
  uint32_t capacity;
  uint32_t event_bytes;
  std::array<uint64_t, 5> unused;
  std::array<Event, kCapacity> events;
};
static_assert(sizeof(QueuePage) == QueuePage::kBytes);

// At the start of a thread's control block, which nobody but the kernel sees.
struct ControlBlock {
  uint64_t magic;
  int32_t thread;
  int32_t process;
  uint64_t queue;  // addresses
  uint64_t stack_last;

  static constexpr uint64_t kMagic = 0x4243'5f53'414c'5441;  // "ATLAS_CB"
};

}  // namespace ipc
