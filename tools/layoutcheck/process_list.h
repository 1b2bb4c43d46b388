// Processes of a guest, as somebody in it tells of them: where their page tables are, their areas,
// and the threads that have tables of their own. README.md describes the text.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck {

enum class Sharing : uint8_t {
  kPrivate,
  kShared,
  kGlobal,  // the same at that address in every process that has it
};

struct Area {
  VirtualAddress first;
  VirtualAddress last;
  Rights rights;
  Sharing sharing;

  friend bool operator==(const Area&, const Area&) = default;
};

struct OwnRange {
  VirtualAddress first;
  VirtualAddress last;

  friend bool operator==(const OwnRange&, const OwnRange&) = default;
};

// What it has in other places than these is its process's.
struct Thread {
  std::string name;  // its number
  uint64_t root = 0;
  uint64_t root_bytes = 0;
  std::vector<OwnRange> own;

  friend bool operator==(const Thread&, const Thread&) = default;
};

struct Process {
  std::string name;         // its number and its name
  uint64_t root = 0;        // physical
  uint64_t root_bytes = 0;  // of the table there
  std::vector<Area> areas;  // ascending, disjoint
  std::vector<Thread> threads = {};

  friend bool operator==(const Process&, const Process&) = default;
};

// The error names the line.
[[nodiscard]] std::expected<std::vector<Process>, std::string> ReadProcesses(std::string_view text);

}  // namespace layoutcheck
