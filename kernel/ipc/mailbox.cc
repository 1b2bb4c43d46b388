#include "kernel/ipc/mailbox.h"

#include <algorithm>

namespace ipc {

Mailbox::Mailbox(mm::FrameWindows& windows, mm::FrameNumber page, size_t window_pages)
    : windows_(windows), page_(page), window_pages_(std::min(window_pages, kMostWindowPages)) {
  WithPage([](QueuePage& queue) {
    queue.capacity = QueuePage::kCapacity;
    queue.event_bytes = sizeof(Event);
  });
}

Mailbox::~Mailbox() {
  has_events_.WakeAll();
  has_room_.WakeAll();
  has_window_.WakeAll();
}

void Mailbox::Put(const Event& event, const WindowRun& run) {
  CHECK(HasSlot());
  WithPage([&](QueuePage& queue) {
    queue.events[in_] = event;
    ++queue.arrived;
  });
  runs_[in_] = run;
  in_ = Next(in_);
  ++in_use_;
  has_events_.WakeOne();
}

WindowRun Mailbox::Release() {
  if (!has_received_) return {};
  has_received_ = false;
  const WindowRun run = runs_[out_];
  out_ = Next(out_);
  --in_use_;
  return run;
}

void Mailbox::OfferRoom() {
  while (!IsFull() && !has_room_.IsEmpty()) {
    ++offered_;
    has_room_.WakeOne();
  }
}

void Mailbox::TakeOffered() {
  CHECK(offered_ > 0);
  --offered_;
}

size_t Mailbox::Receive() {
  CHECK(in_use_ > 0 && !has_received_);
  has_received_ = true;
  WithPage([](QueuePage& queue) { ++queue.received; });
  return out_;
}

std::optional<WindowRun> Mailbox::TakeRun(size_t count) {
  if (count == 0 || count > kMostPages) return std::nullopt;
  size_t free_pages = 0;
  for (size_t number = 0; number < window_pages_; ++number) {
    free_pages = taken_[number] ? 0 : free_pages + 1;
    if (free_pages < count) continue;
    const size_t first = number + 1 - count;
    for (size_t page = first; page <= number; ++page) taken_.set(page);
    return WindowRun{static_cast<uint16_t>(first), static_cast<uint16_t>(count)};
  }
  return std::nullopt;
}

void Mailbox::FreeRun(const WindowRun& run) {
  for (size_t page = run.first; page < size_t{run.first} + run.count; ++page) {
    CHECK(taken_[page]);
    taken_.reset(page);
  }
  has_window_.WakeAll();
}

base::Result<> Mailbox::CheckInvariants() const {
  bool is_sound = in_use_ <= QueuePage::kCapacity && (in_use_ > 0 || !has_received_) &&
                  (IsFull() || has_room_.IsEmpty());
  WithPage([&](const QueuePage& queue) {
    is_sound = is_sound && queue.arrived - queue.received == waiting();
  });
  size_t slot = out_;
  for (size_t i = 0; i < in_use_; ++i) {
    for (size_t page = 0; page < runs_[slot].count; ++page) {
      is_sound = is_sound && taken_[runs_[slot].first + page];
    }
    slot = Next(slot);
  }
  is_sound = is_sound && slot == in_;
  if (!is_sound) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace ipc
