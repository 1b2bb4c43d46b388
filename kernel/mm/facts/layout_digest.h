// The content of a layout in 64 bits: the boot prints it and the documentation shows it, so that
// page, table and hardware can be seen to agree.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/mm/facts/layout.h"

namespace mm {

// FNV-1a, 64 bits (Fowler, Noll, Vo).
class Fnv1a {
 public:
  constexpr void AddByte(uint8_t byte) { value_ = (value_ ^ byte) * kPrime; }

  // Least significant byte first, on every machine.
  constexpr void AddNumber(uint64_t number) {
    constexpr unsigned kBytes = 8;
    constexpr unsigned kByteBits = 8;
    for (unsigned index = 0; index < kBytes; ++index) {
      AddByte(static_cast<uint8_t>(number >> (index * kByteBits)));
    }
  }

  // The length first, so that "ab","c" and "a","bc" differ.
  constexpr void AddText(std::string_view text) {
    AddNumber(text.size());
    for (const char character : text) AddByte(static_cast<uint8_t>(character));
  }

  [[nodiscard]] constexpr uint64_t value() const { return value_; }

 private:
  static constexpr uint64_t kPrime = 0x0000'0100'0000'01B3;
  uint64_t value_ = 0xCBF2'9CE4'8422'2325;
};

constexpr void AddParts(Fnv1a& hash, std::span<const Part> parts) {
  hash.AddNumber(parts.size());
  for (const Part& part : parts) {
    hash.AddText(part.name);
    hash.AddNumber(static_cast<uint64_t>(part.start));
    hash.AddNumber(static_cast<uint64_t>(part.user));
    hash.AddNumber(static_cast<uint64_t>(part.kernel));
    hash.AddNumber(static_cast<uint64_t>(part.growth));
    hash.AddText(part.why);
  }
}

// Covers every field of every row and part, the reasons included.
[[nodiscard]] constexpr uint64_t Digest(const Layout& layout) {
  Fnv1a hash;
  hash.AddText(layout.name);
  hash.AddNumber(layout.shape.address_bits);
  hash.AddNumber(static_cast<uint64_t>(layout.shape.extension));
  hash.AddNumber(layout.shape.page_bytes);
  hash.AddNumber(layout.promised_ram_bytes);
  hash.AddNumber(layout.direct_map_target.value);
  hash.AddNumber(layout.image_link_base.value);
  hash.AddNumber(layout.image_load_base.value);
  hash.AddNumber(layout.regions.size());
  for (const Region& region : layout.regions) {
    hash.AddText(region.name);
    hash.AddNumber(region.range.base.value);
    hash.AddNumber(region.range.size_bytes);
    hash.AddNumber(static_cast<uint64_t>(region.user));
    hash.AddNumber(static_cast<uint64_t>(region.kernel));
    hash.AddNumber(static_cast<uint64_t>(region.caching));
    hash.AddNumber(static_cast<uint64_t>(region.scope));
    hash.AddNumber(static_cast<uint64_t>(region.service));
    hash.AddNumber(static_cast<uint64_t>(region.growth));
    hash.AddNumber(static_cast<uint64_t>(region.guards));
    hash.AddText(region.why);
  }
  AddParts(hash, layout.image_parts);
  AddParts(hash, layout.process_parts);
  return hash.value();
}

}  // namespace mm
