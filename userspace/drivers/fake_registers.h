// Registers that a test's device answers for: each access is one call of it.
#pragma once

#include <cstdint>

#include "kernel/base/check.h"
#include "userspace/drivers/registers.h"

namespace drivers {

// What a fake device implements. Widths are bytes.
class FakeDevice {
 public:
  virtual ~FakeDevice() = default;
  virtual uint32_t OnRead(uint32_t offset, uint32_t width_bytes) = 0;
  virtual void OnWrite(uint32_t offset, uint32_t width_bytes, uint32_t value) = 0;
};

class FakeRegisters {
 public:
  FakeRegisters() = default;
  // `base`: the block's first register, as the device numbers them.
  FakeRegisters(FakeDevice& device, uint32_t base, uint32_t size_bytes)
      : device_(&device), base_(base), size_bytes_(size_bytes) {}

  template <RegisterValue Value>
  Value Read(uint32_t offset) const {
    Require(offset, sizeof(Value));
    return static_cast<Value>(device_->OnRead(base_ + offset, sizeof(Value)));
  }

  template <RegisterValue Value>
  void Write(uint32_t offset, Value value) const {
    Require(offset, sizeof(Value));
    device_->OnWrite(base_ + offset, sizeof(Value), value);
  }

  uint32_t size_bytes() const { return size_bytes_; }

 private:
  void Require(uint32_t offset, uint32_t width_bytes) const {
    CHECK(offset < size_bytes_ && width_bytes <= size_bytes_ - offset);
  }

  FakeDevice* device_ = nullptr;
  uint32_t base_ = 0;
  uint32_t size_bytes_ = 0;
};

static_assert(RegisterBlock<FakeRegisters>);

}  // namespace drivers
