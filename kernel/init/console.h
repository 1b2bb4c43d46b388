// The serial console as a place to print to.
#pragma once

#include "kernel/base/print.h"

namespace kernel {

// Writes through arch::WriteText, a carriage return before each line feed. Usable from the
// first line of Main on, and while panicking.
base::Sink& Console();

}  // namespace kernel
