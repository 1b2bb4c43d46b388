#include "kernel/process/native_messages.h"

#include <optional>
#include <utility>

#include "kernel/ipc/event.h"
#include "kernel/ipc/mailbox.h"
#include "kernel/mm/facts/range.h"
#include "kernel/process/absent_pages.h"
#include "kernel/process/native_thread.h"
#include "kernel/process/system.h"
#include "kernel/process/system_process.h"
#include "kernel/sched/block.h"
#include "kernel/sched/wait_queue.h"

namespace process {
namespace {

using ipc::Event;
using ipc::EventFlag;
using ipc::WindowRun;
using posix::Errno;

constexpr auto kNoProcess = std::unexpected(Errno::kNoProcess);
constexpr auto kInvalid = std::unexpected(Errno::kInvalid);

// Of this call, or of the one that it repeats.
sched::Deadline DeadlineOf(UserThread& thread, Patience patience) {
  if (const auto kept = std::exchange(thread.kept_deadline, std::nullopt)) return *kept;
  if (patience.nanoseconds == Patience::kForever) return sched::Deadline::Never();
  if (patience.nanoseconds == 0) return sched::Deadline{0};
  return sched::Deadline::After(TheSystem().scheduler().Now(), patience.nanoseconds);
}

// The error of a call that waited and has to be issued again, with the same deadline.
std::unexpected<Errno> Restart(UserThread& thread, sched::Deadline deadline) {
  thread.kept_deadline = deadline;
  return std::unexpected(Errno::kRestartUnlessHandled);
}

// Number 0 is of no thread: it stands for the one that receives interrupts.
NativeThread* FindNative(Pid id) {
  if (id == 0) {
    const SystemProcess* const system = TheSystem().system_process();
    const UserThread* const receiver = system != nullptr ? system->receiver() : nullptr;
    return receiver != nullptr ? receiver->native : nullptr;
  }
  UserThread* const thread = TheSystem().pids().Find(id).thread;
  return thread == nullptr ? nullptr : thread->native;
}

// The pages that an event says it brings along.
posix::Result<mm::VirtRange> PagesOf(const Event& event) {
  if (!event.Has(EventFlag::kPages)) return mm::VirtRange{};
  const mm::VirtRange range{mm::VirtAddr{event.arguments[0]}, event.arguments[1]};
  constexpr uint64_t kMostBytes = ipc::Mailbox::kMostPages * mm::kPageSize;
  const bool is_sound =
      !range.IsEmpty() && range.size_bytes <= kMostBytes && range.IsAligned(mm::kPageSize);
  if (!is_sound || range.Wraps()) return kInvalid;
  return range;
}

size_t PageCountOf(const mm::VirtRange& pages) {
  return static_cast<size_t>(pages.size_bytes / mm::kPageSize);
}

// What receiver and event get: who sent it, and flags that mean something.
Event Stamped(const UserThread& sender, const Event& event, uint64_t call) {
  Event stamped = event;
  stamped.sender = sender.id();
  stamped.process = sender.process().id();
  stamped.flags &= static_cast<uint32_t>(EventFlag::kPages);
  if (call != 0) stamped.flags |= static_cast<uint32_t>(EventFlag::kCall);
  stamped.call = call;
  return stamped;
}

void TakeBack(NativeThread& receiver, WindowRun run) {
  if (run.count == 0) return;
  receiver.memory().HidePages(run.first, run.count);
  receiver.mailbox().FreeRun(run);
}

// Calls `show(number, frame)` for each page of a range that begins in what is the thread's own.
template <class Show>
base::Result<> TakeOwnPages(kernel::ThreadMemory& own, const mm::VirtRange& pages, Show&& show) {
  for (uint64_t at = 0; at < pages.size_bytes; at += mm::kPageSize) {
    const mm::VirtAddr page = pages.base + at;
    if (!own.Covers(page)) return std::unexpected(base::Error::kOutOfRange);
    TRY(show(at / mm::kPageSize, TRY(own.TakePage(page))));
  }
  return {};
}

// Shows the sender's pages in the run, and tells the event where.
posix::Result<> ShowPages(const UserThread& sender, NativeThread& receiver,
                          const mm::VirtRange& pages, WindowRun run, Event& event) {
  kernel::ThreadMemory& memory = receiver.memory();
  const auto show = [&](uint64_t number, mm::FrameReference&& frame) {
    return memory.ShowPage(run.first + static_cast<size_t>(number), std::move(frame));
  };
  const bool is_own = sender.native != nullptr && sender.native->memory().Covers(pages.base);
  const auto shown = is_own ? TakeOwnPages(sender.native->memory(), pages, show)
                            : sender.process().space->LendPages(pages, show);
  if (!shown) {
    TakeBack(receiver, run);
    receiver.mailbox().OfferRoom();
    return std::unexpected(shown.error() == base::Error::kOutOfMemory ? Errno::kOutOfMemory
                                                                      : Errno::kFault);
  }
  event.arguments[0] = memory.WindowAddress(run.first).value;
  return {};
}

struct Wait {
  Patience patience;
  sched::Deadline deadline;
};

// The receiver, once there is room for an event, and `run` for so many pages. Blocks.
struct Room {
  NativeThread& receiver;
  WindowRun run;
};
posix::Result<Room> AwaitRoom(UserThread& thread, Pid to, size_t pages, const Wait& wait) {
  NativeThread* receiver = FindNative(to);
  if (receiver == nullptr) return kNoProcess;
  const uint64_t serial = receiver->serial();
  sched::WaitResult result = sched::WaitResult::kWoken;
  while (true) {
    ipc::Mailbox& mailbox = receiver->mailbox();
    const bool is_full = mailbox.IsFull();
    if (!is_full) {
      if (pages == 0) return Room{*receiver, {}};
      if (const auto run = mailbox.TakeRun(pages)) return Room{*receiver, *run};
      // Whoever can use it comes first.
      mailbox.OfferRoom();
    }
    if (wait.patience.nanoseconds == 0) return std::unexpected(Errno::kAgain);
    if (result == sched::WaitResult::kTimedOut) return std::unexpected(Errno::kTimedOut);
    if (result == sched::WaitResult::kInterrupted) return Restart(thread, wait.deadline);
    const sched::Watch watch(is_full ? mailbox.has_room() : mailbox.has_window());
    result = sched::WaitForWatches(wait.deadline);
    // Whoever has the number now may be another.
    receiver = FindNative(to);
    if (receiver == nullptr || receiver->serial() != serial) {
      return std::unexpected(Errno::kOwnerDied);
    }
    if (is_full && !watch.IsAttached()) receiver->mailbox().TakeOffered();
  }
}

posix::Result<NativeThread*> Deliver(UserThread& thread, Pid to, Event event, uint64_t call,
                                     const Wait& wait) {
  const mm::VirtRange pages = TRY(PagesOf(event));
  if (!pages.IsEmpty()) TRY(LoadPages(thread.process(), pages));
  event = Stamped(thread, event, call);
  const Room room = TRY(AwaitRoom(thread, to, PageCountOf(pages), wait));
  if (room.run.count != 0) TRY(ShowPages(thread, room.receiver, pages, room.run, event));
  room.receiver.mailbox().Put(event, room.run);
  return &room.receiver;
}

}  // namespace

posix::Result<> SendEvent(UserThread& thread, Pid to, Event event, Patience patience) {
  const Wait wait = {patience, DeadlineOf(thread, patience)};
  static_cast<void>(TRY(Deliver(thread, to, event, 0, wait)));
  return {};
}

posix::Result<Event> CallThread(UserThread& thread, Pid to, Event event, Patience patience) {
  OpenCall& call = thread.open_call;
  // A call that waited for its reply when a signal came goes on to wait for it.
  const bool goes_on = thread.kept_deadline.has_value() && call.state != OpenCall::State::kNone;
  const sched::Deadline deadline = DeadlineOf(thread, patience);
  if (!goes_on) {
    AbandonCall(call);
    if (thread.native != nullptr) {
      TakeBack(*thread.native, std::exchange(thread.native->reply_run, {}));
    }
    const Wait wait = {patience, deadline};
    NativeThread* const receiver = TRY(Deliver(thread, to, event, call.number + 1, wait));
    ++call.number;
    call.state = OpenCall::State::kWaiting;
    call.receiver_serial = receiver->serial();
    receiver->callers.PushBack(call);
  }
  while (call.state == OpenCall::State::kWaiting) {
    const sched::WaitResult result = sched::Block(deadline, sched::Interruption::kBySignals);
    if (call.state != OpenCall::State::kWaiting) break;
    if (result == sched::WaitResult::kInterrupted) return Restart(thread, deadline);
    if (result == sched::WaitResult::kTimedOut) {
      AbandonCall(call);
      return std::unexpected(Errno::kTimedOut);
    }
  }
  const bool is_broken = call.state == OpenCall::State::kBroken;
  call.state = OpenCall::State::kNone;
  if (is_broken) return std::unexpected(Errno::kOwnerDied);
  return call.reply;
}

posix::Result<mm::VirtAddr> ReceiveEvent(UserThread& thread, Patience patience) {
  NativeThread* const native = thread.native;
  if (native == nullptr) return std::unexpected(Errno::kNotSupported);
  ipc::Mailbox& mailbox = native->mailbox();
  TakeBack(*native, mailbox.Release());
  if (SystemProcess* const system = thread.process().system) system->OnReceive(thread);
  mailbox.OfferRoom();
  if (mailbox.waiting() == 0) {
    if (patience.nanoseconds == 0) return std::unexpected(Errno::kAgain);
    const sched::Deadline deadline = DeadlineOf(thread, patience);
    while (mailbox.waiting() == 0) {
      const sched::WaitResult result = mailbox.has_events().Wait(deadline);
      if (mailbox.waiting() != 0) break;
      if (result == sched::WaitResult::kTimedOut) return std::unexpected(Errno::kTimedOut);
      if (result == sched::WaitResult::kInterrupted) return Restart(thread, deadline);
    }
  }
  thread.kept_deadline.reset();
  const size_t slot = mailbox.Receive();
  return native->memory().places().queue.base + (slot + 1) * sizeof(Event);
}

posix::Result<> ReplyTo(UserThread& thread, Pid to, Event event) {
  const auto sent = PagesOf(event);
  if (sent && !sent->IsEmpty()) TRY(LoadPages(thread.process(), *sent));
  UserThread* const caller = TheSystem().pids().Find(to).thread;
  if (caller == nullptr || thread.native == nullptr) return kNoProcess;
  OpenCall& call = caller->open_call;
  const bool is_open = call.state == OpenCall::State::kWaiting && call.number == event.call &&
                       call.receiver_serial == thread.native->serial();
  if (!is_open) return kNoProcess;
  const mm::VirtRange pages = TRY(PagesOf(event));
  Event reply = Stamped(thread, event, 0);
  if (!pages.IsEmpty()) {
    if (caller->native == nullptr) return std::unexpected(Errno::kNotSupported);
    const auto run = caller->native->mailbox().TakeRun(PageCountOf(pages));
    if (!run) return std::unexpected(Errno::kAgain);
    TRY(ShowPages(thread, *caller->native, pages, *run, reply));
    caller->native->reply_run = *run;
  }
  call.reply = reply;
  call.state = OpenCall::State::kAnswered;
  call.Unlink();
  sched::Wake(*caller);
  return {};
}

void BreakCall(OpenCall& call) {
  call.state = OpenCall::State::kBroken;
  sched::Wake(call.caller);
}

void AbandonCall(OpenCall& call) {
  if (call.IsLinked()) call.Unlink();
  call.state = OpenCall::State::kNone;
}

}  // namespace process
