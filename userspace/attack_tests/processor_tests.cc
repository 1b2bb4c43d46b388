// Instructions of the kernel, registers that a signal's return puts back, and stack pointers that
// lead anywhere.

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>

#include "userspace/attack_tests/groups.h"
#include "userspace/attack_tests/stage.h"
#include "userspace/machine/attacks.h"

namespace attack {
namespace {

using support::Expect;
using support::ExpectEqual;
using support::StatusOf;

void PrivilegedInstructions() {
  static char page[4096];
  for (const machine::Instruction& one : machine::kPrivilegedInstructions) {
    const support::Fault fault = support::Catch(one.execute, reinterpret_cast<uintptr_t>(page));
    ExpectEqual(fault.signal, one.signal, one.name);
  }
  ExpectBystander();
}

// And without a handler: the process ends, and no other.
void PrivilegedInstructionsEnd() {
  for (const machine::Instruction& one : machine::kPrivilegedInstructions) {
    const auto execute = [](uintptr_t instruction) {
      static char page[4096];
      reinterpret_cast<const machine::Instruction*>(instruction)
          ->execute(reinterpret_cast<uintptr_t>(page));
      return 0;
    };
    constexpr int kSignal = 0x7f;
    ExpectEqual(StatusOf(execute, reinterpret_cast<uintptr_t>(&one)) & kSignal, one.signal,
                one.name);
  }
  ExpectBystander();
}

void StaysInUserMode() {
  Expect(machine::StaysInUserMode(), "what is ignored in user mode is ignored");
  ExpectBystander();
}

const machine::Forgery* forgery = nullptr;

int ReturnForged(uintptr_t which) {
  forgery = reinterpret_cast<const machine::Forgery*>(which);
  struct sigaction action = {};
  action.sa_flags = SA_SIGINFO;
  action.sa_sigaction = [](int, siginfo_t*, void* context) {
    forgery->forge(*static_cast<ucontext_t*>(context));
  };
  sigaction(SIGUSR1, &action, nullptr);
  raise(SIGUSR1);
  return 0;
}

// A process that the processor or the kernel has stopped.
void ExpectDeadly(int status, const char* what) {
  constexpr int kSignal = 0x7f;
  const int ended = status & kSignal;
  Expect(ended == SIGSEGV || ended == SIGBUS || ended == SIGILL, what);
}

void ForgedReturns() {
  for (const machine::Forgery& one : machine::kForgeries) {
    ExpectDeadly(StatusOf(ReturnForged, reinterpret_cast<uintptr_t>(&one)), one.name);
  }
  ExpectBystander();
}

void ForgedFlags() {
  struct sigaction action = {};
  action.sa_flags = SA_SIGINFO;
  action.sa_sigaction = [](int, siginfo_t*, void* context) {
    machine::ForgeFlags(*static_cast<ucontext_t*>(context));
  };
  Expect(sigaction(SIGUSR1, &action, nullptr) == 0, "sigaction");
  raise(SIGUSR1);
  const machine::Instruction& first = machine::kPrivilegedInstructions[0];
  ExpectEqual(support::Catch(first.execute, 0).signal, first.signal, first.name);
  Expect(machine::StaysInUserMode(), "and nothing else has changed");
  ExpectBystander();
}

// rt_sigreturn without a signal: what lies on the stack is no frame. No mode is that of a user
// there, and no address.
int ReturnWithoutASignal(uintptr_t) {
  unsigned char garbage[4096];
  std::memset(garbage, 0xff, sizeof garbage);
  asm volatile("" : : "r"(garbage) : "memory");
  machine::SystemCall(SYS_rt_sigreturn);
  return 0;
}

void NoFrame() {
  ExpectDeadly(StatusOf(ReturnWithoutASignal, 0), "it goes nowhere");
  ExpectBystander();
}

// None is where a half of the address space ends: the program's own stack may lie right below.
constexpr uintptr_t kFarBelow = uintptr_t{1} << 20;
constexpr uintptr_t kStackPointers[] = {
    0, 8, kFarBelow, ~uintptr_t{0} << 12, (~uintptr_t{0} << 31) + kFarBelow, ~uintptr_t{0} - 7};

void StackPointersOfCalls() {
  for (const uintptr_t pointer : kStackPointers) {
    ExpectEqual(machine::CallWithStackPointer(pointer), getppid(), "the kernel does not use it");
  }
  ExpectBystander();
}

// What the system process may, which this is not: interrupts, registers, memory for devices. Linux
// has no such calls.
void CallsOfDrivers() {
  constexpr long kFirst = 0x1100;
  constexpr long kLast = 0x110b;
  for (long call = kFirst; call <= kLast; ++call) {
    for (const long argument : {0L, 1L, 4096L, -1L}) {
      const long result = machine::SystemCall(call, argument, 4096, argument, 1);
      Expect(result == -EPERM || result == -ENOSYS, "it is refused");
    }
  }
  ExpectBystander();
}

int FaultAt(uintptr_t pointer) { machine::FaultWithStackPointer(pointer); }

// The handler's frame has no place; the process ends by the signal.
int HandledFaultAt(uintptr_t pointer) {
  signal(SIGSEGV, [](int) { _exit(0); });
  machine::FaultWithStackPointer(pointer);
}

void StackPointersOfSignals() {
  constexpr int kSignal = 0x7f;
  for (const uintptr_t pointer : kStackPointers) {
    ExpectEqual(StatusOf(FaultAt, pointer) & kSignal, SIGSEGV, "by default");
    ExpectEqual(StatusOf(HandledFaultAt, pointer) & kSignal, SIGSEGV, "with a handler");
  }
  ExpectBystander();
}

constexpr support::Test kTests[] = {
    {"privileged instructions", PrivilegedInstructions},
    {"privileged instructions: the end", PrivilegedInstructionsEnd},
    {"instructions that are ignored", StaysInUserMode},
    {"signals: forged returns", ForgedReturns},
    {"signals: forged flags", ForgedFlags},
    {"signals: no frame", NoFrame},
    {"calls of drivers", CallsOfDrivers},
    {"stack pointers: of calls", StackPointersOfCalls},
    {"stack pointers: of signals", StackPointersOfSignals},
};

}  // namespace

Group ProcessorTests() { return kTests; }

}  // namespace attack
