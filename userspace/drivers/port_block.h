// Registers in the processor's I/O ports.
#pragma once

#include <concepts>
#include <cstdint>

#include "kernel/base/check.h"
#include "userspace/drivers/registers.h"
#include "userspace/machine/ports.h"

namespace drivers {

class PortBlock {
 public:
  PortBlock() = default;
  PortBlock(uint16_t base, uint32_t size_bytes) : base_(base), size_bytes_(size_bytes) {}

  template <RegisterValue Value>
  Value Read(uint32_t offset) const {
    const uint16_t port = PortOf(offset, sizeof(Value));
    if constexpr (std::same_as<Value, uint8_t>) return machine::ReadPort8(port);
    if constexpr (std::same_as<Value, uint16_t>) return machine::ReadPort16(port);
    if constexpr (std::same_as<Value, uint32_t>) return machine::ReadPort32(port);
  }

  void Write(uint32_t offset, uint8_t value) const {
    machine::WritePort8(PortOf(offset, sizeof(value)), value);
  }
  void Write(uint32_t offset, uint16_t value) const {
    machine::WritePort16(PortOf(offset, sizeof(value)), value);
  }
  void Write(uint32_t offset, uint32_t value) const {
    machine::WritePort32(PortOf(offset, sizeof(value)), value);
  }

  uint32_t size_bytes() const { return size_bytes_; }

 private:
  uint16_t PortOf(uint32_t offset, uint32_t width_bytes) const {
    CHECK(offset < size_bytes_ && width_bytes <= size_bytes_ - offset);
    return static_cast<uint16_t>(base_ + offset);
  }

  uint16_t base_ = 0;
  uint32_t size_bytes_ = 0;
};

static_assert(RegisterBlock<PortBlock>);

}  // namespace drivers
