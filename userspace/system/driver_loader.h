// Where the dispatcher has its drivers from.
#pragma once

#include <expected>

#include "userspace/drivers/driver_object.h"

namespace dispatch {

class DriverLoader {
 public:
  // The error is a sentence for people, which stays until the next call.
  virtual std::expected<const drivers::DriverEntry*, const char*> Load(const char* path) = 0;
  // Nothing of it is used any more, whatever state it is in.
  virtual void Discard(const drivers::DriverEntry& entry) = 0;

 protected:
  ~DriverLoader() = default;
};

}  // namespace dispatch
