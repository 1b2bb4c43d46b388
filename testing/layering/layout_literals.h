// Addresses that only layouts/ may write down.
#pragma once

#include <cstdint>
#include <string>

namespace layering {

// Where `number` appears in a layout, for example "the base of lowmem in osz"; empty when nowhere.
// Counts: the first and the last byte of each region, the image's places, and every number
// in a kernel region of a 64-bit layout. Numbers below the smallest kernel address that are common
// in programs, such as sizes, do not count.
std::string FindLayoutAddress(uint64_t number);

}  // namespace layering
