// Sizes as people read them.
#pragma once

#include <cstdint>

#include "kernel/base/print.h"

namespace base {

// "2 GiB": `bytes` in the largest unit that leaves no fraction.
void PrintBareSize(Sink& sink, uint64_t bytes);

// The same, always 13 columns, so that sizes stand below each other.
void PrintSize(Sink& sink, uint64_t bytes);

}  // namespace base
