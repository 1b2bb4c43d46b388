// What a driver object and the system process know of each other: a shared object defines one
// DriverEntry with the name kEntryName, of C's shape, and needs nothing else but mem...()
// functions.
//
// All functions are called by one thread, one at a time, and come back soon. A driver calls
// services from within them alone. What it was given through services is taken back when it is
// removed, or has crashed, so there is nothing for it to free.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/base/result.h"
#include "userspace/drivers/device_description.h"

namespace drivers {

inline constexpr const char* kEntryName = "atlas_driver";
inline constexpr uint32_t kEntryVersion = 1;

// 0, or -1 for the first of base::Error, and so on.
using Status = int32_t;
inline constexpr Status kOk = 0;

constexpr Status StatusOf(base::Error error) { return -1 - static_cast<Status>(error); }
constexpr Status StatusOf(const base::Result<>& result) {
  return result.has_value() ? kOk : StatusOf(result.error());
}

// A driver that answers no error of ours is a corrupt one.
constexpr base::Result<> ResultOf(Status status) {
  if (status == kOk) return {};
  if (status > kOk || status < StatusOf(base::Error::kNotPermitted)) {
    return std::unexpected(base::Error::kCorrupt);
  }
  return std::unexpected(static_cast<base::Error>(-1 - status));
}

struct DriverServices {
  void* host;
  // Where the window is mapped; null: it cannot be.
  volatile void* (*map_registers)(void* host, const RegisterWindow* window);
  // Zeroed memory for the device, in whole pages; null: there is none.
  void* (*allocate_for_device)(void* host, uint32_t size_bytes, uint64_t* device_address);
  // Characters that arrived at a serial port.
  void (*received)(void* host, const char* characters, size_t count);
  // Random bytes.
  void (*stirred)(void* host, const void* bytes, size_t size_bytes);
  // A request is finished, for which request() has answered kOk.
  void (*finished)(void* host, uint64_t token, Status status);
};

enum class RequestFunction : uint32_t {
  kReadSeconds,   // a clock: `result` becomes seconds since 1970
  kDescribeDisk,  // a disk: `result` becomes its bytes, `flags` what it is
  kRead,          // a disk: finishes later, `size_bytes` from `offset` on
  kWrite,
  kFlush,
  kStir,  // a source of randomness: stirred() is called later
};

inline constexpr uint32_t kDiskReadOnly = 1;

struct DriverRequest {
  RequestFunction function;
  uint32_t size_bytes;
  uint64_t offset;
  uint64_t device_address;  // of the data
  uint64_t token;
  uint64_t result;
  uint32_t flags;
  uint32_t unused;
};

struct DriverEntry {
  static constexpr size_t kMaxDevices = 2;
  static constexpr size_t kMaxName = 31;

  struct Match {
    DeviceKind kind;
    uint32_t virtio_type;  // of virtio devices
  };

  uint32_t version;      // kEntryVersion
  uint32_t state_bytes;  // of the memory that each device's functions are given, zeroed, in pages
  char name[kMaxName + 1];
  Match matches[kMaxDevices];  // unused ones are of kNone
  // kNotFound: it is no device of this driver after all.
  Status (*probe)(void* state, const DeviceDescription* device, const DriverServices* services);
  // An interrupt of the device's line, which may be another device's. An error: the device is
  // broken.
  Status (*handle_interrupt)(void* state);
  Status (*request)(void* state, DriverRequest* request);
  // Makes the device quiet: it uses none of the memory it was given any more.
  void (*remove)(void* state);
};

}  // namespace drivers

// The same name in every driver, which is the only one that it shows.
extern "C" [[gnu::visibility("default")]] const drivers::DriverEntry atlas_driver;
