#include "userspace/system/guard.h"

#include <setjmp.h>
#include <signal.h>

#include <array>
#include <csignal>
#include <cstddef>

#include "kernel/base/check.h"

namespace dispatch {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};

alignas(16) std::array<std::byte, 16384> signal_stack;

// Where the running call is left, and why it was.
sigjmp_buf way_out;
volatile sig_atomic_t is_running = 0;
Crash crash;
// Counts calls, so that one can be told from the next.
volatile sig_atomic_t call_number = 0;
sig_atomic_t asked_about = 0;

void OnFault(int signal, siginfo_t* information, void*) {
  if (is_running == 0) {
    // Nobody's driver: it happens again, and ends the process.
    std::signal(signal, SIG_DFL);
    return;
  }
  crash = {.signal = signal, .address = reinterpret_cast<uintptr_t>(information->si_addr)};
  siglongjmp(way_out, 1);
}

// The kernel has not seen this thread come back for a while. A call that began only now may go on:
// it has until the kernel asks again.
void OnTimeOver(int signal, siginfo_t*, void*) {
  if (is_running == 0) return;
  if (asked_about != call_number) {
    asked_about = call_number;
    return;
  }
  crash = {.signal = signal, .address = 0};
  siglongjmp(way_out, 1);
}

}  // namespace

bool PrepareGuard() {
  stack_t stack{};
  stack.ss_sp = signal_stack.data();
  stack.ss_size = signal_stack.size();
  if (sigaltstack(&stack, nullptr) != 0) return false;
  struct sigaction action{};
  action.sa_sigaction = OnFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (const int signal : kSignals) {
    if (sigaction(signal, &action, nullptr) != 0) return false;
  }
  action.sa_sigaction = OnTimeOver;
  action.sa_flags |= SA_RESTART;
  return sigaction(SIGXCPU, &action, nullptr) == 0;
}

std::expected<void, Crash> RunGuarded(base::FunctionRef<void()> function) {
  CHECK(is_running == 0);
  // Signals are not blocked while their handler runs, so there is no mask to put back: an interrupt
  // costs no system call here.
  if (sigsetjmp(way_out, 0) != 0) {
    is_running = 0;
    return std::unexpected(crash);
  }
  call_number = call_number + 1;
  is_running = 1;
  function();
  is_running = 0;
  return {};
}

const char* SignalName(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGILL:
      return "SIGILL";
    case SIGFPE:
      return "SIGFPE";
    case SIGTRAP:
      return "SIGTRAP";
    case SIGXCPU:
      return "SIGXCPU";
    default:
      return "a signal";
  }
}

}  // namespace dispatch
