#include "userspace/support/probe.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csetjmp>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace support {
namespace {

sigjmp_buf resumption;
volatile Fault caught;

void OnFault(int signal, siginfo_t* information, void*) {
  caught.signal = signal;
  caught.code = information->si_code;
  caught.address = reinterpret_cast<uintptr_t>(information->si_addr);
  siglongjmp(resumption, 1);
}

void WriteThere(uintptr_t address) { *reinterpret_cast<volatile char*>(address) = 1; }
void ReadThere(uintptr_t address) { (void)*reinterpret_cast<volatile char*>(address); }
void CallThere(uintptr_t address) { reinterpret_cast<void (*)()>(address)(); }

}  // namespace

Fault Catch(void (*run)(uintptr_t), uintptr_t argument) {
  constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
  struct sigaction before[std::size(kSignals)];
  struct sigaction action = {};
  action.sa_sigaction = OnFault;
  action.sa_flags = SA_SIGINFO;
  for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &action, &before[i]);
  caught.signal = 0;
  caught.code = 0;
  caught.address = 0;
  if (sigsetjmp(resumption, 1) == 0) run(argument);
  for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &before[i], nullptr);
  return {caught.signal, caught.code, caught.address};
}

Fault Write(uintptr_t address) { return Catch(WriteThere, address); }
Fault Read(uintptr_t address) { return Catch(ReadThere, address); }
Fault Execute(uintptr_t address) { return Catch(CallThere, address); }

int StatusOf(int (*run)(uintptr_t), uintptr_t argument) {
  const pid_t child = fork();
  if (child == 0) {
    // Some of these children end badly on purpose, and need leave no file behind.
    const rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    _exit(run(argument));
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

}  // namespace support
