// Tiny user programs for kernel/init/user_trial.cc.
//
// They are position-independent, and start with all registers 0 but the stack pointer, which points
// to kTrialWords words; what is below is the program's stack. Word 0 is the program's argument.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace arch {

inline constexpr size_t kTrialWords = 4;

// The numbers of the calls they make.
enum class TrialCall : uint8_t {
  kNull = 0,
  kSum = 1,     // argument 0 + 2 * argument 1 + 3 * argument 2 + ... + 6 * argument 5
  kYield = 2,   // the other thread's turn
  kRaise = 3,   // signal kTrialSignal, handled by kSignalHandler, which returns to kSignalRestorer
  kReturn = 4,  // from the signal handler
  kDone = 5,    // ends the program; argument 0: 0 if all was as it should be, else what was not
};

inline constexpr unsigned kTrialSignal = 10;

enum class TrialProgram : uint8_t {
  kRegisters,       // all registers are kept over kSum, and its result is right
  kStore,           // stores to the address in word 0; done with 1 if that works
  kJump,            // jumps to the address in word 0
  kIllegal,         // an undefined instruction
  kPrivileged,      // the kind in word 0 of what only the kernel may do; done with 1 if that works
  kDivide,          // divides by zero; done with 0 where that is no exception
  kBreakpoint,      // the breakpoint instruction
  kStep,            // asks for a trap behind kNull; done with 0 where there is no such thing
  kFloat,           // floating point is clean at the start and kept over word 0 times kYield
  kWaitForWord,     // spins until the word at the address in word 0 is not 0
  kSetWord,         // writes 1 to the word at the address in word 0
  kSignal,          // kRaise keeps all registers, floating point, too, but the result
  kSignalHandler,   // looks at what it is given and changes all registers
  kSignalRestorer,  // kReturn
  kNullCalls,       // word 0 times kNull
};

// What is mapped for them: at most a page.
std::span<const std::byte> TrialCode();

// Where a program begins in it, on ARM with bit 0 for Thumb code.
size_t TrialOffset(TrialProgram program);

}  // namespace arch
