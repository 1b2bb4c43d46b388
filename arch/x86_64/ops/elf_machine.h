// Which executable files this processor runs.
#pragma once

#include "kernel/posix/elf.h"

namespace arch {

inline constexpr posix::ElfMachine kElfMachine = {.elf_class = posix::kElfClass64,
                                                  .machine = posix::kElfMachineX86_64};

}  // namespace arch
