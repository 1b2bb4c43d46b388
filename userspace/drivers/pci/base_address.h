// Where a function's registers are. PCI Local Bus Specification 3.0, 6.2.5.
#pragma once

#include <cstdint>

#include "kernel/base/result.h"
#include "userspace/drivers/pci/config_space.h"

namespace drivers::pci {

inline constexpr uint8_t kBaseAddressCount = 6;

struct MemoryBar {
  uint64_t base = 0;
  uint64_t size_bytes = 0;  // a power of two
};

// What the base address register `index` of a function with header type 0 decodes; it answers to
// nothing meanwhile. kOutOfRange: no such register; kUnsupported: ports; kNotFound: firmware has
// given it no address; kCorrupt: what it says cannot be.
base::Result<MemoryBar> ReadMemoryBar(ConfigSpace auto& space, const Address& address,
                                      uint8_t index) {
  constexpr uint32_t kPorts = 1;
  constexpr uint32_t kTypeMask = 0b110;
  constexpr uint32_t kType64 = 0b100;
  constexpr uint32_t kFlags = 0xF;
  constexpr uint32_t kAllOnes = ~uint32_t{0};
  using base::Error;

  if (index >= kBaseAddressCount) return std::unexpected(Error::kOutOfRange);
  const auto low_word = static_cast<uint8_t>(kBaseAddresses + 4 * index);
  const uint32_t low = space.Read(address, low_word);
  if ((low & kPorts) != 0) return std::unexpected(Error::kUnsupported);
  const bool is_wide = (low & kTypeMask) == kType64;
  if (is_wide && index + 1 == kBaseAddressCount) return std::unexpected(Error::kCorrupt);
  const auto high_word = static_cast<uint8_t>(low_word + 4);
  const uint32_t high = is_wide ? space.Read(address, high_word) : 0;

  // The bits that keep a one are the address's.
  const uint32_t command = space.Read(address, kCommand) & kCommandMask;
  space.Write(address, kCommand, command & ~kCommandMemory);
  space.Write(address, low_word, kAllOnes);
  uint64_t kept = space.Read(address, low_word) & ~kFlags;
  space.Write(address, low_word, low);
  if (is_wide) {
    space.Write(address, high_word, kAllOnes);
    kept |= uint64_t{space.Read(address, high_word)} << 32;
    space.Write(address, high_word, high);
  } else {
    kept |= uint64_t{kAllOnes} << 32;
  }
  space.Write(address, kCommand, command);

  const MemoryBar bar = {.base = uint64_t{high} << 32 | (low & ~kFlags), .size_bytes = ~kept + 1};
  const bool is_power_of_two = bar.size_bytes != 0 && (bar.size_bytes & (bar.size_bytes - 1)) == 0;
  if (static_cast<uint32_t>(kept) == 0 && !is_wide) return std::unexpected(Error::kNotFound);
  if (bar.base == 0) return std::unexpected(Error::kNotFound);
  if (!is_power_of_two || bar.base % bar.size_bytes != 0) return std::unexpected(Error::kCorrupt);
  return bar;
}

}  // namespace drivers::pci
