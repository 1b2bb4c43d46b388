#pragma once

#include <csetjmp>
#include <csignal>
#include <cstdint>

namespace support {

// What a handler was told of a fault; `signal` is 0 if there was none.
struct Fault {
  int signal;
  int code;
  uintptr_t address;

  constexpr bool operator==(const Fault&) const = default;
};

inline constexpr Fault kNoFault = {0, 0, 0};

// A write, read or jump, and what came of it. Write puts a 1 there, and Execute calls what lies
// there as a function that returns.
Fault Write(uintptr_t address);
Fault Read(uintptr_t address);
Fault Execute(uintptr_t address);

inline Fault Write(volatile void* pointer) { return Write(reinterpret_cast<uintptr_t>(pointer)); }
inline Fault Read(const volatile void* pointer) {
  return Read(reinterpret_cast<uintptr_t>(pointer));
}

// Calls run(), and returns what it was interrupted by: SIGSEGV, SIGBUS, SIGILL, SIGTRAP or SIGFPE.
// Their handlers are the caller's again then.
Fault Catch(void (*run)(uintptr_t), uintptr_t argument);

// Runs run(argument) in a child that ends with what it returns; the status that wait() has for it,
// or -1.
int StatusOf(int (*run)(uintptr_t), uintptr_t argument);

// What StatusOf gives for a child that ended so.
constexpr int Exited(int code) { return code << 8; }
constexpr int Killed(int signal) { return signal; }

}  // namespace support
