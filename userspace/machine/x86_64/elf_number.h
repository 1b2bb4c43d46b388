#pragma once

#include <elf.h>

#include <cstdint>

namespace machine {

// What an ELF file is for that runs here.
inline constexpr uint16_t kElfNumber = EM_X86_64;

}  // namespace machine
