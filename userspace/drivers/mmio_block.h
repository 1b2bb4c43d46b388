// Registers in memory, as the system process has them mapped.
#pragma once

#include <cstdint>

#include "kernel/base/check.h"
#include "userspace/drivers/registers.h"

namespace drivers {

class MmioBlock {
 public:
  MmioBlock() = default;
  MmioBlock(volatile void* base, uint32_t size_bytes)
      : base_(static_cast<volatile uint8_t*>(base)), size_bytes_(size_bytes) {}

  template <RegisterValue Value>
  Value Read(uint32_t offset) const {
    return *Pointer<Value>(offset);
  }

  template <RegisterValue Value>
  void Write(uint32_t offset, Value value) const {
    *Pointer<Value>(offset) = value;
  }

  uint32_t size_bytes() const { return size_bytes_; }

 private:
  template <class Value>
  volatile Value* Pointer(uint32_t offset) const {
    CHECK(offset < size_bytes_ && sizeof(Value) <= size_bytes_ - offset);
    return reinterpret_cast<volatile Value*>(base_ + offset);
  }

  volatile uint8_t* base_ = nullptr;
  uint32_t size_bytes_ = 0;
};

static_assert(RegisterBlock<MmioBlock>);

}  // namespace drivers
