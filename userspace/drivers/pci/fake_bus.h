// Functions with their configuration space, for tests.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <tuple>

#include "kernel/base/check.h"
#include "userspace/drivers/pci/config_space.h"

namespace drivers::pci {

struct FakeFunction {
  std::array<uint32_t, 64> words{};
  // Bits of the base address registers that cannot be written: size and flags.
  std::array<uint32_t, 6> fixed_bits{};

  uint32_t& operator[](uint8_t offset) { return words.at(offset / 4); }

  // A base address register for memory; `size_bytes` is a power of two.
  void SetBar(uint8_t index, uint32_t base, uint32_t size_bytes, uint32_t flags = 0) {
    words.at(4 + index) = base | flags;
    fixed_bits.at(index) = size_bytes - 1;
  }
};

class FakeBus {
 public:
  FakeFunction& operator[](const Address& address) { return functions_[Key(address)]; }

  uint32_t Read(const Address& address, uint8_t offset) {
    CHECK(offset % 4 == 0);
    ++accesses;
    const auto found = functions_.find(Key(address));
    return found == functions_.end() ? ~uint32_t{0} : found->second[offset];
  }

  void Write(const Address& address, uint8_t offset, uint32_t value) {
    CHECK(offset % 4 == 0);
    const auto found = functions_.find(Key(address));
    if (found == functions_.end()) return;
    uint32_t& word = found->second[offset];
    if (offset == kCommand) {
      word = (word & ~kCommandMask & ~value) | (value & kCommandMask);
      return;
    }
    CHECK(offset >= kBaseAddresses && offset < kBaseAddresses + 24);
    CHECK((found->second[kCommand] & kCommandMemory) == 0);  // it would answer at a wrong place
    const uint32_t fixed = found->second.fixed_bits.at((offset - kBaseAddresses) / 4);
    word = (word & fixed) | (value & ~fixed);
  }

  uint64_t accesses = 0;

 private:
  using Place = std::tuple<uint8_t, uint8_t, uint8_t>;
  static Place Key(const Address& address) {
    return {address.bus, address.device, address.function};
  }

  std::map<Place, FakeFunction> functions_;
};

static_assert(ConfigSpace<FakeBus>);

}  // namespace drivers::pci
