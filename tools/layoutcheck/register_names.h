// Which registers a gdb stub has, and their numbers: "Target Descriptions" in GDB's manual.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace layoutcheck {

struct TargetDescription {
  std::string architecture;                                // "arm"
  std::vector<std::string> included;                       // files to read next, in this order
  std::map<std::string, uint32_t, std::less<>> registers;  // by name
};

// Adds what one file of a description says. A register without a number has the one after its
// predecessor's, in this file or the one before it: `next` carries it on.
void AddDescription(std::string_view xml, TargetDescription& description, uint32_t& next);

}  // namespace layoutcheck
