#pragma once

#include <elf.h>

#include <cstdint>

namespace machine {

// What an ELF file is for that runs here.
inline constexpr uint16_t kElfNumber = EM_ARM;

}  // namespace machine
