// Where it goes what drivers bring: each call is from within a driver's function.
#pragma once

#include <cstddef>
#include <cstdint>

#include "userspace/drivers/device_description.h"
#include "userspace/drivers/driver_object.h"

namespace dispatch {

class Outlets {
 public:
  // Characters of a serial port.
  virtual void Type(const char* characters, size_t count) = 0;
  // Random bytes.
  virtual void Stir(const void* bytes, size_t size_bytes) = 0;
  // A request is finished that was made with this token.
  virtual void Finish(uint64_t token, drivers::Status status) = 0;
  // A device was taken from its driver: what is under way with it does not finish any more. One
  // that does not answer may go on writing to memory that it was told of.
  enum class Quiet : uint8_t { kYes, kNo };
  virtual void Forget(const drivers::DeviceDescription& device, Quiet quiet) = 0;
  // A sentence for people, without the end of the line.
  virtual void Report(const char* text) = 0;

 protected:
  ~Outlets() = default;
};

}  // namespace dispatch
