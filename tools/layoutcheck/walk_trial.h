// Walks tables that a test has built, as the program does.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/fake_memory.h"
#include "tools/layoutcheck/guest_memory.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/mapping.h"
#include "tools/layoutcheck/table_walk.h"

namespace layoutcheck {

struct Walked {
  std::vector<Mapping> runs;
  std::vector<WalkFault> faults;
};

inline Walked Walk(const Machine& machine, FakeMemory& source) {
  GuestMemory memory(source);
  MappingCollector collector;
  auto walked = WalkTables(
      machine, memory, [&](const Mapping& mapping, PhysicalAddress) { collector.Add(mapping); });
  if (!walked) {
    ADD_FAILURE() << walked.error();
    return {};
  }
  return {collector.TakeRuns(), std::move(walked->faults)};
}

// "first last target page-size user kernel scope cache", for messages and comparisons.
inline std::string Line(const Mapping& run) {
  return std::format(
      "{:x} {:x} {:x} {:x} {} {} {} {}", run.first.value, run.last().value, run.target.value,
      run.page_bytes, Text(run.attributes.user), Text(run.attributes.kernel),
      run.attributes.reach == Reach::kGlobal ? "global" : "process", Text(run.attributes.cache));
}

inline std::string Lines(const std::vector<Mapping>& runs) {
  std::string text;
  for (const Mapping& run : runs) text += Line(run) + "\n";
  return text;
}

}  // namespace layoutcheck
