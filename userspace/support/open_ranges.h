#pragma once

#include <cstdint>
#include <span>

namespace support {

struct OpenRange {
  uintptr_t first;
  uintptr_t last;
};

// Reads the arguments `open=FIRST-LAST`, hexadecimal: ranges outside of the program that it may
// read all the same, as that of a kernel whose code lies at address 0.
void ReadOpenRanges(int argc, char** argv);

bool IsOpen(uintptr_t address);
std::span<const OpenRange> OpenRanges();

}  // namespace support
