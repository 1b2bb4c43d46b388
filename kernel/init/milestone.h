// Where start-up lets an image do something of its own. The images that people run do nothing there
// (//kernel/init:no_milestones); another one links another definition.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernel/init/system.h"

namespace kernel {

enum class Milestone : uint8_t {
  kBeforeVerification,  // all is there, the live tables are to be compared with the layout
  kBeforeMonitor,       // they have been
};

void Reach(Milestone milestone, const System& system, std::string_view command_line);

}  // namespace kernel
