// What compiler-rt's 64-bit signed division expects to find: the pinned armhf build of it has the
// stack protector on, our own code has not.

#include <cstdint>

extern "C" {

// A zero byte and line ends: what a string that overruns its buffer cannot copy.
extern const uintptr_t __stack_chk_guard = 0x000a'ff0d;

[[noreturn]] void __stack_chk_fail() { __builtin_trap(); }

}  // extern "C"
