// The system process of the tests: does what they ask by messages, and answers in the reply's first
// arguments.
#pragma once

#include <cstdint>

namespace system_tests {

// What to do; arguments behind it, results as of libatlas.
enum class Request : uint32_t {
  kHello = 0x100,  // its process's number
  kMapDevice,      // physical, bytes: address or error
  kAllocate,       // bytes: address or error, physical
  kUnmap,          // address, bytes: 0 or -1
  kQuiet,          // devices use nothing of an earlier one's: result
  kRead,           // address: signal, word
  kWrite,          // address, or 0 for the table's; word: signal
  kReadPort,       // port: signal
  kProtectTable,   // 0 or -errno
  kReadTree,       // bytes of the tree or error, its first word
  kShowAgain,      // what ShowInterruptTable() says, where the table is and elsewhere
  kAttach,         // line, trigger, number of a handler: result
  kDetach,         // line, number of a handler: result
  kAcknowledge,    // line: result
  kRoutes,         // line: how many routes the table shows
  kRaise,          // the test device interrupts; 0
  kCount,          // number of a handler: how often it was called; then starts from 0
  kStorm,          // whether handlers leave the device as it is from now on
  kTwice,          // the next handler has the device interrupt once more
  kMeasure,        // instructions from a device's interrupt to its handler: while the thread waits
  kFork,           // -errno
  kCrash,          // does not answer
  kLoop,           // nor does this, and knows nothing of SIGXCPU
  kExecute,        // a thread's number: -errno, or the program again, for RunWithoutRight()
};

// Does not return.
[[noreturn]] void Serve();

// What the program is told to do in the system process's place; behind it, the thread's number.
inline constexpr char kWithoutRight[] = "without_right";

// Sends the thread what AcknowledgeInterrupt() says here, and the signal that a port ends in.
// Returns how the program ends.
int RunWithoutRight(int32_t thread);

}  // namespace system_tests
