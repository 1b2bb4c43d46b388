// What people read of the processor, in /proc/cpuinfo.
#pragma once

#include <string_view>

#include "kernel/base/print.h"

namespace arch {

// uname -m.
inline constexpr std::string_view kMachineName = "x86_64";

// A line each, as Linux has them on this architecture.
void PrintProcessor(base::Sink& sink);

}  // namespace arch
