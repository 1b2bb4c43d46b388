// The queue of a native thread: a ring of events in a page that the thread can read, and which
// pages of the window behind it are taken. Portable: the page is any frame, reached only while it
// is written. Not locked, and never blocks; who waits for an event or for room waits in one of its
// queues.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/ipc/event.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/regions/frame_window.h"
#include "kernel/sched/wait_queue.h"
#include "kernel/sync/cpu.h"

namespace ipc {

// Pages of the window side by side, by number.
struct WindowRun {
  uint16_t first = 0;
  uint16_t count = 0;  // 0: none

  friend constexpr bool operator==(const WindowRun&, const WindowRun&) = default;
};

class Mailbox {
 public:
  // As many pages as a message may bring along: 1 MiB.
  static constexpr size_t kMostPages = 256;
  static constexpr size_t kMostWindowPages = 511;

  // `page`, which `windows` show, is zeroed; both outlive this. Of a larger window no more is used.
  Mailbox(mm::FrameWindows& windows, mm::FrameNumber page, size_t window_pages);
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  // Whoever waits is woken; none of them may look at this again.
  ~Mailbox();

  // No room for one event more. What has been received takes room until the next Release(), and
  // room that was offered to somebody is his.
  [[nodiscard]] bool IsFull() const { return in_use_ + offered_ >= QueuePage::kCapacity; }
  // The same for what cannot wait, which comes before all who do.
  [[nodiscard]] bool HasSlot() const { return in_use_ < QueuePage::kCapacity; }
  // The events that have not been received.
  [[nodiscard]] size_t waiting() const { return in_use_ - (has_received_ ? 1 : 0); }

  // CHECKed: there is a slot. `run`: its pages in the window. Wakes the receiver.
  void Put(const Event& event, const WindowRun& run = {});

  // The event received last is done with: returns its pages, which the caller takes out of the
  // window before he gives them back with FreeRun(). Then OfferRoom().
  [[nodiscard]] WindowRun Release();
  // Wakes those who have waited longest for room, as many as there is some for.
  void OfferRoom();
  // One of them has it from now on: he puts an event at once, or offers it to the next.
  void TakeOffered();
  // Receives the oldest; CHECKed: there is one, and none is received that has not been released.
  // Returns its slot.
  [[nodiscard]] size_t Receive();

  // Room in the window for so many pages side by side; nothing if there is none now. O(pages of
  // the window).
  [[nodiscard]] std::optional<WindowRun> TakeRun(size_t count);
  // Wakes all that wait for a part of the window.
  void FreeRun(const WindowRun& run);

  [[nodiscard]] sched::WaitQueue& has_events() { return has_events_; }
  [[nodiscard]] sched::WaitQueue& has_room() { return has_room_; }
  [[nodiscard]] sched::WaitQueue& has_window() { return has_window_; }

  // Error: kCorrupt.
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  static size_t Next(size_t slot) { return slot + 1 == QueuePage::kCapacity ? 0 : slot + 1; }

  template <class Use>
  void WithPage(Use use) const {
    const locking::CpuPin pin;
    const mm::FrameWindow opened = windows_.Open(pin, page_);
    use(*static_cast<QueuePage*>(opened.data()));
  }

  mm::FrameWindows& windows_;
  mm::FrameNumber page_;
  size_t window_pages_;
  size_t in_ = 0;   // the slot of the next event that comes
  size_t out_ = 0;  // of the oldest one that is there, received or not
  size_t in_use_ = 0;
  size_t offered_ = 0;  // to who was woken and has not come yet
  bool has_received_ = false;
  std::array<WindowRun, QueuePage::kCapacity> runs_{};
  std::bitset<kMostWindowPages> taken_;
  sched::WaitQueue has_events_;
  sched::WaitQueue has_room_;
  sched::WaitQueue has_window_;
};

}  // namespace ipc
