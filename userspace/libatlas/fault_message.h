// What is said of a program that frees what it must not.
#pragma once

#include <string_view>

#include "kernel/mm/heap/object_fault.h"

namespace libatlas {

// Says what is wrong with the block, and its address, on standard error, and aborts.
[[noreturn]] void StopProgram(mm::ObjectFault fault, std::string_view heap, const void* block);

}  // namespace libatlas
