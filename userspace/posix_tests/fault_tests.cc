// Faults and their signals, and the stack.

#include <alloca.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstddef>
#include <cstdint>

#include "userspace/posix_tests/groups.h"
#include "userspace/posix_tests/memory.h"
#include "userspace/support/open_ranges.h"
#include "userspace/support/probe.h"

namespace posix {
namespace {

using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::Fault;
using support::Killed;
using support::StatusOf;

uintptr_t Number(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

void FaultsSayWhereAndWhy() {
  char* const pages = NewPages(3);
  ExpectResult(Call(SYS_munmap, pages + kPage, kPage), 0, "a hole");
  ExpectResult(Call(SYS_mprotect, pages + 2 * kPage, kPage, PROT_READ), 0, "a page to read");
  char* const hole = pages + kPage + 123;
  char* const readable = pages + 2 * kPage + 45;
  Expect(support::Read(hole) == Fault{SIGSEGV, SEGV_MAPERR, Number(hole)}, "read of a hole");
  Expect(support::Write(hole) == Fault{SIGSEGV, SEGV_MAPERR, Number(hole)}, "write to a hole");
  Expect(
      support::Execute(Number(pages + kPage)) == Fault{SIGSEGV, SEGV_MAPERR, Number(pages + kPage)},
      "jump into a hole");
  Expect(support::Write(readable) == Fault{SIGSEGV, SEGV_ACCERR, Number(readable)},
         "write to a page to read");
  Expect(support::Execute(Number(pages)) == Fault{SIGSEGV, SEGV_ACCERR, Number(pages)},
         "jump into data");
}

// Nothing is at address 0; where a layout shows something there, it is not to be written.
void NothingIsAtNull() {
  if (!support::IsOpen(0)) {
    Expect(support::Read(uintptr_t{0}) == Fault{SIGSEGV, SEGV_MAPERR, 0}, "read of address 0");
    Expect(support::Write(uintptr_t{8}) == Fault{SIGSEGV, SEGV_MAPERR, 8}, "write to address 8");
  }
  Expect(support::Write(uintptr_t{8}).signal == SIGSEGV, "no write");
}

volatile int handled = 0;

void Repair(int, siginfo_t* information, void*) {
  handled = handled + 1;
  const uintptr_t page = Number(information->si_addr) / kPage * kPage;
  if (Call(SYS_mprotect, page, kPage, kReadWrite) != 0) _exit(1);
}

void SetHandler(int signal, void (*handler)(int, siginfo_t*, void*), int flags = 0) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | flags;
  ExpectEqual(sigaction(signal, &action, nullptr), 0, "sigaction");
}

// The access is made again when the handler returns.
void HandlersCanRepair() {
  SetHandler(SIGSEGV, Repair);
  auto* const pages = reinterpret_cast<volatile char*>(NewPages(4, PROT_NONE));
  for (size_t i = 0; i < 4; ++i) pages[i * kPage] = static_cast<char>(i + 1);
  ExpectEqual(handled, 4, "a fault for each page");
  for (size_t i = 0; i < 4; ++i)
    ExpectEqual(pages[i * kPage], static_cast<int64_t>(i + 1), "what was written");
  ExpectEqual(handled, 4, "no other fault");
}

int WriteToNothing(uintptr_t) {
  *reinterpret_cast<volatile char*>(NewPages(1, PROT_NONE)) = 1;
  return 0;
}

int WriteToNothingBlocked(uintptr_t) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  return WriteToNothing(0);
}

int WriteToNothingIgnored(uintptr_t) {
  signal(SIGSEGV, SIG_IGN);
  return WriteToNothing(0);
}

int FaultInHandler(uintptr_t) {
  SetHandler(SIGSEGV, [](int, siginfo_t*, void*) { WriteToNothing(0); });
  return WriteToNothing(0);
}

int PastTheEndOfAFile(uintptr_t) {
  const int file = NewFile(1);
  const long mapped = Map(0, 2 * kPage, PROT_READ, MAP_PRIVATE, file);
  return *reinterpret_cast<volatile char*>(mapped + static_cast<long>(kPage));
}

void FaultsEndTheProcess() {
  ExpectEqual(StatusOf(WriteToNothing, 0), Killed(SIGSEGV), "by default");
  ExpectEqual(StatusOf(WriteToNothingBlocked, 0), Killed(SIGSEGV), "blocked");
  ExpectEqual(StatusOf(WriteToNothingIgnored, 0), Killed(SIGSEGV), "ignored");
  ExpectEqual(StatusOf(FaultInHandler, 0), Killed(SIGSEGV), "a fault in its handler");
  ExpectEqual(StatusOf(PastTheEndOfAFile, 0), Killed(SIGBUS), "past the end of a file");
}

constexpr rlim_t kStackBytes = 512 << 10;

void LimitStack() {
  const rlimit limit = {kStackBytes, kStackBytes};
  ExpectEqual(setrlimit(RLIMIT_STACK, &limit), 0, "setrlimit");
}

void StackGrows() {
  constexpr size_t kDepth = 64;
  auto* const bytes = static_cast<volatile char*>(alloca(kDepth * kPage));
  for (size_t i = kDepth; i-- > 0;) {
    ExpectEqual(bytes[i * kPage], 0, "a new page of it is zero");
    bytes[i * kPage] = 1;
  }
  for (size_t i = 0; i < kDepth; ++i) ExpectEqual(bytes[i * kPage], 1, "and kept");
}

constexpr int kNeverReached = 1 << 30;

// Not a tail call, and not inlined: its frame takes a quarter of a page.
__attribute__((noinline)) int Descend(volatile uintptr_t* deepest, int depth) {
  volatile char frame[kPage / 4];
  if (depth == kNeverReached) return 0;
  frame[0] = static_cast<char>(depth);
  *deepest = Number(const_cast<char*>(frame));
  return Descend(deepest, depth + 1) + frame[0];
}

sigjmp_buf resumption;
volatile uintptr_t fault_address = 0;
volatile uintptr_t handler_frame = 0;

void NoteOverflow(int, siginfo_t* information, void*) {
  int here = 0;
  fault_address = Number(information->si_addr);
  handler_frame = Number(&here);
  siglongjmp(resumption, 1);
}

void StackOverflowIsHandledElsewhere() {
  LimitStack();
  constexpr size_t kAlternatePages = 8;
  char* const alternate = NewPages(kAlternatePages);
  stack_t stack = {};
  stack.ss_sp = alternate;
  stack.ss_size = kAlternatePages * kPage;
  ExpectEqual(sigaltstack(&stack, nullptr), 0, "sigaltstack");
  SetHandler(SIGSEGV, NoteOverflow, SA_ONSTACK);
  volatile uintptr_t deepest = 0;
  const uintptr_t top = Number(__builtin_frame_address(0));
  if (sigsetjmp(resumption, 1) == 0) Descend(&deepest, 0);
  const uintptr_t depth = top - fault_address;
  Expect(depth > kStackBytes / 2, "it grew to more than half of its limit");
  Expect(depth <= kStackBytes + kPage, "the fault was in the first page beyond it");
  Expect(handler_frame - Number(alternate) < kAlternatePages * kPage,
         "the handler ran on the other stack");
  Expect(deepest - fault_address < 2 * kPage, "the fault was at its end");
  stack_t now = {};
  ExpectEqual(sigaltstack(nullptr, &now), 0, "sigaltstack");
  ExpectEqual(now.ss_flags, 0, "the other stack is free again");
}

int Overflow(uintptr_t handler) {
  LimitStack();
  if (handler != 0) SetHandler(SIGSEGV, NoteOverflow);
  volatile uintptr_t deepest = 0;
  return Descend(&deepest, 0);
}

void StackOverflowEndsTheProcess() {
  ExpectEqual(StatusOf(Overflow, 0), Killed(SIGSEGV), "by default");
  ExpectEqual(StatusOf(Overflow, 1), Killed(SIGSEGV), "with a handler that has no stack");
}

void UndefinedInstruction() {
  ExpectEqual(support::Catch([](uintptr_t) { __builtin_trap(); }, 0).signal, SIGILL, "SIGILL");
}

constexpr support::Test kTests[] = {
    {"SIGSEGV: address and code", FaultsSayWhereAndWhy},
    {"SIGSEGV: null", NothingIsAtNull},
    {"SIGSEGV: retried after its handler", HandlersCanRepair},
    {"SIGSEGV, SIGBUS: the end of a process", FaultsEndTheProcess},
    {"SIGILL", UndefinedInstruction},
    {"stack: grows by zeroes", StackGrows},
    {"stack: its limit, on another stack", StackOverflowIsHandledElsewhere},
    {"stack: its limit is the end", StackOverflowEndsTheProcess},
};

}  // namespace

Group FaultTests() { return kTests; }

}  // namespace posix
