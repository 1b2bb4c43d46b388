// A driver of no device that crashes when it is asked to: request() by its offset.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernel/base/check.h"
#include "userspace/drivers/driver_object.h"
#include "userspace/system/tests/crash.h"

namespace drivers {
namespace {

// Something to write, which a new copy has as it was.
uint64_t times_asked = 0;

[[gnu::noinline]] int Overflow(volatile const char* above) {
  volatile char below[4096];
  below[0] = above == nullptr ? char{0} : above[0];
  if (below[0] != 0) return 0;  // never
  return Overflow(below) + below[0];
}

void CrashAs(trial::CrashKind kind, uintptr_t bad_address) {
  switch (kind) {
    case trial::CrashKind::kNone:
      return;
    case trial::CrashKind::kWrite:
      *reinterpret_cast<volatile char*>(bad_address) = 1;
      return;
    case trial::CrashKind::kJump:
      reinterpret_cast<void (*)()>(bad_address)();
      return;
    case trial::CrashKind::kCheck:
      CHECK(kind == trial::CrashKind::kNone);
      return;
    case trial::CrashKind::kStack:
      times_asked += static_cast<uint64_t>(Overflow(nullptr));
      return;
    case trial::CrashKind::kCopy:
      std::memcpy(reinterpret_cast<void*>(bad_address), &times_asked, sizeof times_asked);
      return;
  }
}

Status Probe(void*, const DeviceDescription*, const DriverServices*) { return kOk; }
Status HandleInterrupt(void*) { return kOk; }

Status Request(void*, DriverRequest* request) {
  request->result = ++times_asked;
  CrashAs(static_cast<trial::CrashKind>(request->offset), request->device_address);
  return kOk;
}

void Remove(void*) {}

}  // namespace
}  // namespace drivers

const drivers::DriverEntry atlas_driver = {
    .version = drivers::kEntryVersion,
    .state_bytes = trial::kCrashStateBytes,
    .name = "crash",
    .matches = {},
    .probe = drivers::Probe,
    .handle_interrupt = drivers::HandleInterrupt,
    .request = drivers::Request,
    .remove = drivers::Remove,
};
