// A device's registers as drivers see them: an offset and a width, over whatever reaches them.
// Memory and ports do in the machine, a fake device in tests.
#pragma once

#include <concepts>
#include <cstdint>

namespace drivers {

template <class T>
concept RegisterValue =
    std::same_as<T, uint8_t> || std::same_as<T, uint16_t> || std::same_as<T, uint32_t>;

// Offsets are bytes from the block's first register. Whoever asks for one that is not below
// `size_bytes()` has a bug: what a device says of offsets is judged before.
template <class T>
concept RegisterBlock =
    requires(const T& block, uint32_t offset, uint8_t byte, uint16_t half, uint32_t word) {
      { block.template Read<uint8_t>(offset) } -> std::same_as<uint8_t>;
      { block.template Read<uint16_t>(offset) } -> std::same_as<uint16_t>;
      { block.template Read<uint32_t>(offset) } -> std::same_as<uint32_t>;
      block.Write(offset, byte);
      block.Write(offset, half);
      block.Write(offset, word);
      { block.size_bytes() } -> std::same_as<uint32_t>;
    };

// One register. Reading may change the device, so a driver reads exactly when it says so.
template <RegisterValue Value, uint32_t kOffset>
struct Register {
  static constexpr uint32_t kLastByte = kOffset + sizeof(Value) - 1;

  static Value Read(const RegisterBlock auto& block) { return block.template Read<Value>(kOffset); }
  static void Write(const RegisterBlock auto& block, Value value) { block.Write(kOffset, value); }
};

}  // namespace drivers
