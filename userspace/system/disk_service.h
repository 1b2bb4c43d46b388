// Gives programs what is on the disk: one read after the other, each finished by an interrupt.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/base/result.h"
#include "userspace/drivers/driver_object.h"
#include "userspace/libatlas/native/message.h"
#include "userspace/system/dispatcher.h"
#include "userspace/system/outlets.h"

namespace dispatch {

// Two kinds of calls: OnFinished() and OnForgotten() come from within drivers and only take note;
// the others may call drivers.
class DiskService {
 public:
  static constexpr size_t kMaxWaiting = 16;

  explicit DiskService(Dispatcher& dispatcher) : dispatcher_(dispatcher) {}
  DiskService(const DiskService&) = delete;
  DiskService& operator=(const DiskService&) = delete;

  // Whether the call was one of atlas::DiskCall's. It is answered then, now or later.
  bool OnCall(const atlas::Message& call);
  // Answers what is finished, and goes on with the next one.
  void Continue();

  void OnFinished(uint64_t token, drivers::Status status);
  void OnForgotten(Outlets::Quiet quiet);

  size_t waiting_count() const { return count_; }
  void CheckInvariants() const;

 private:
  struct Waiting {
    int32_t thread = 0;
    uint64_t call = 0;
    uint64_t offset = 0;
    uint64_t size_bytes = 0;
  };
  enum class State : uint8_t { kIdle, kReading, kFinished };

  void Describe(const atlas::Message& call);
  // Whether there are buffers.
  bool Prepare();
  base::Result<> Start(const Waiting& waiting);
  void Answer(base::Result<> result);

  Dispatcher& dispatcher_;
  std::array<Waiting, kMaxWaiting> waiting_{};  // a ring; the first one is the disk's
  size_t first_ = 0;
  size_t count_ = 0;
  State state_ = State::kIdle;
  base::Result<> result_;
  uint64_t token_ = 0;
  // What the disk writes to, and pages that programs are shown: they see nothing of what comes
  // later.
  void* buffer_ = nullptr;
  uint64_t buffer_address_ = 0;
  void* pages_ = nullptr;
};

}  // namespace dispatch
