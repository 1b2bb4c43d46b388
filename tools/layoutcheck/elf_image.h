// What an ELF file says of a kernel's image: which addresses are code, constants and data, and
// which pages its linker script keeps free.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck {

// Of one loadable program header; starts with a page.
struct Segment {
  VirtualAddress first;
  uint64_t memory_bytes;  // not 0
  uint64_t file_bytes;    // at most as many: the rest may have pages left out
  Rights rights;

  [[nodiscard]] VirtualAddress last() const { return first + (memory_bytes - 1); }
};

// A page that a symbol without type and size, named `..._guard`, keeps unmapped.
struct GuardPage {
  std::string name;
  VirtualAddress page;
};

struct ElfImage {
  std::vector<Segment> segments;  // ascending, disjoint, no page in two
  std::vector<GuardPage> guards;
};

// Little-endian files of 32 and 64 bits. The error says what is wrong with `file`.
[[nodiscard]] std::expected<ElfImage, std::string> ReadElfImage(std::string_view file);

}  // namespace layoutcheck
