// The address space of a process in this kernel.
#pragma once

#include "kernel/mm/space/address_space.h"
#include "kernel/space/user_table.h"

namespace kernel {

using AddressSpace = mm::AddressSpace<UserTable>;
using SpaceReference = mm::SpaceReference<UserTable>;
using SpacePool = mm::SpacePool<UserTable>;

}  // namespace kernel
