// The system process, which drives the machine's devices. A process has one of these or none: it is
// the right to use ports, registers and interrupts, with what the process has made of it. The
// kernel gives it to one program when it starts; no fork and no exec passes it on. At its end every
// line is closed.
//
// An interrupt becomes an event in the queue of the process's receiver, a native thread: from
// thread 0, which no thread is. See docs/adr/0023-the-system-process.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/base/result.h"
#include "kernel/fs/disk.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/memory_object.h"
#include "kernel/mm/space/paged_object.h"
#include "kernel/posix/errno.h"
#include "kernel/process/device_source.h"
#include "kernel/process/interrupt_lines.h"
#include "kernel/process/process.h"
#include "kernel/process/user_thread.h"

namespace process {

class SystemProcess final : private fs::DiskDriver {
 public:
  // Of the event that tells of an interrupt; its first argument is the line.
  static constexpr uint32_t kInterruptFunction = 1;
  // Of the event that asks for a transfer between a page and the disk: its number; its kind, and in
  // the upper half the offer's number; the page; offset on the disk; bytes.
  static constexpr uint32_t kTransferFunction = 2;

  // `table`: a page of zeroes, which only this writes to; Process and controller outlive this.
  SystemProcess(Process& process, InterruptController& controller, mm::PagedObject::Handle table)
      : process_(process), lines_(controller), table_(std::move(table)) {}
  SystemProcess(const SystemProcess&) = delete;
  SystemProcess& operator=(const SystemProcess&) = delete;
  ~SystemProcess() { EndOffer(fs::Disk::Device::kMayStillWrite); }

  // Shows the routing table, read-only, at the page `place`, which is in the layout's region for
  // the program, and there behind the program's code; `thread`, a native one, receives from now on.
  // A receiver that has ended may have a successor, which shows it at the same place. Errors:
  // kInvalid (no such page), kExists (there is a receiver, or another place), kNotSupported (no
  // native thread), kOutOfMemory.
  [[nodiscard]] posix::Result<> ShowTable(UserThread& thread, mm::VirtAddr place);

  // See InterruptLines. Before the table is shown: kInvalid.
  [[nodiscard]] posix::Result<> Attach(uint32_t line, Trigger trigger, const InterruptRoute& route);
  [[nodiscard]] posix::Result<> Detach(uint32_t line, const InterruptRoute& route);
  [[nodiscard]] posix::Result<> Acknowledge(uint32_t line);
  [[nodiscard]] size_t HandlerCount(uint32_t line) const { return lines_.HandlerCount(line); }

  // Maps registers, uncached. Errors: kInvalid (not whole pages), kAccess (they are not for
  // drivers), kOutOfMemory.
  [[nodiscard]] posix::Result<mm::VirtAddr> MapDevice(const mm::PhysRange& registers);
  // Maps memory for a device and the process; whole pages. Errors: kInvalid, kOutOfMemory.
  struct DeviceMemory {
    mm::VirtAddr va;
    mm::PhysAddr base;
  };
  [[nodiscard]] posix::Result<DeviceMemory> AllocateMemory(uint64_t size_bytes);

  // From now on there is /dev/vda, and the receiver is asked for its transfers. Returns the offer's
  // number: a request that has another one is from before, and its page is somebody else's now.
  // Errors: kInvalid (nobody receives, or no such disk), kExists, kOutOfMemory.
  [[nodiscard]] posix::Result<uint32_t> OfferDisk(uint64_t size_bytes, fs::Disk::Writing writing);
  // Error: kNoEntry (it is not offered).
  [[nodiscard]] posix::Result<> RevokeDisk(fs::Disk::Device device);
  // Error: kNoEntry.
  [[nodiscard]] posix::Result<> FinishTransfer(uint32_t number, fs::Disk::Ending ending);

  // Null: nobody receives.
  [[nodiscard]] const UserThread* receiver() const { return receiver_; }

  // No device uses memory any more that was an earlier system process's: it is given back.
  void OnDevicesQuiet();

  // The controller has masked the line.
  void OnInterrupt(uint32_t line);
  // The thread is about to receive: if it is the receiver, it has room for more in its queue, which
  // nobody was offered yet, and has come back from what it did.
  void OnReceive(const UserThread& thread);
  // From the tick. A receiver that has not come back for a fifth of a second of its own time is
  // sent SIGXCPU, again and again: it may have called a driver that never returns.
  void OnTimer();
  // The thread, if it is the receiver, gets no more events.
  void ForgetReceiver(const UserThread& thread);

  // Error: kCorrupt.
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  static constexpr uint64_t kMostMemoryBytes = uint64_t{1} << 20;

  // As much as System keeps of those that have ended.
  [[nodiscard]] bool HasRoomForMemory() const;

  void OnTransfers() override { SendTransfers(); }
  [[nodiscard]] bool MayBeAwaited() const override;

  void ShowRoutes(uint32_t line);
  void SendWhatWaits();
  void SendRaised();
  void SendTransfers();
  void EndOffer(fs::Disk::Device device);

  Process& process_;
  InterruptLines lines_;
  mm::PagedObject::Handle table_;
  std::optional<mm::VirtAddr> place_;
  UserThread* receiver_ = nullptr;
  uint64_t busy_since_ticks_ = 0;  // of the receiver's
  bool is_offering_ = false;       // the disk
  uint32_t offers_ = 0;            // ever made
};

// The process is the system process from now on; it runs, and there is no other one. Error:
// kOutOfMemory.
[[nodiscard]] posix::Result<> BecomeSystemProcess(Process& process);
// It is none any more. Nothing if it was none. Memory that it has for devices is kept: they may
// still write to it.
void EndSystemProcess(Process& process);

}  // namespace process
