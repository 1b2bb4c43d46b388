// Which executable files this processor runs.
#pragma once

#include "kernel/posix/elf.h"

namespace arch {

inline constexpr posix::ElfMachine kElfMachine = {.elf_class = posix::kElfClass32,
                                                  .machine = posix::kElfMachineArm};

}  // namespace arch
