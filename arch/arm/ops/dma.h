// What devices with short addresses can reach.
#pragma once

#include "kernel/mm/facts/address.h"

namespace arch {

// Nothing is below it: every device of the board drives 32 address bits or more.
inline constexpr mm::PhysAddr kDmaLimit{0};

}  // namespace arch
