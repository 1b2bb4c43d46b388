#include "kernel/init/crash.h"

#include <array>
#include <cstdint>

#include "kernel/base/check.h"
#include "kernel/init/kernel_areas.h"
#include "kernel/init/system.h"
#include "kernel/init/user_trial.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/layout.h"

namespace kernel {
namespace {

// Volatile, so that the compiler neither sees the mistake nor removes it; each mistake in a
// function of its own, with a frame of its own, for the backtrace to name.
using Word = volatile uint32_t;

constexpr uint32_t kAnyValue = 0xA71A5;

const uint32_t constant_word = kAnyValue;

// Deeper than any stack here can hold.
constexpr uint32_t kBottomlessDepth = 1'000'000;

[[gnu::noinline, clang::disable_tail_calls]] uint32_t Descend(uint32_t depth) {
  Word here[64] = {};
  here[0] = depth;
  return depth == 0 ? 0 : Descend(depth - 1) + here[0];
}

void OverflowStack() { Descend(kBottomlessDepth); }

void OverflowThreadStack() {
  static_cast<void>(CallOnThreadStack(*RunningSystem(), OverflowStack));
}

// Where a program's code is while one of its system calls is handled.
uintptr_t ProgramBase() {
  return static_cast<uintptr_t>(
      mm::RegionWith(RunningSystem()->layout, mm::Service::kProgram).range.base.value);
}

[[gnu::noinline, clang::disable_tail_calls]] void ReadUserPage() {
  Word* volatile program = reinterpret_cast<Word*>(ProgramBase());
  static_cast<void>(*program);
}

[[gnu::noinline, clang::disable_tail_calls]] void ExecuteUserPage() {
  void (*volatile program)() = reinterpret_cast<void (*)()>(ProgramBase());
  program();
}

void ReadUser() { static_cast<void>(CallOnThreadStack(*RunningSystem(), ReadUserPage)); }

void ExecuteUser() { static_cast<void>(CallOnThreadStack(*RunningSystem(), ExecuteUserPage)); }

[[gnu::noinline, clang::disable_tail_calls]] void DereferenceNull() {
  Word* volatile nothing = nullptr;
  *nothing = kAnyValue;
}

[[gnu::noinline, clang::disable_tail_calls]] void CallNull() {
  void (*volatile nothing)() = nullptr;
  nothing();
}

[[gnu::noinline, clang::disable_tail_calls]] void WriteReadOnlyData() {
  Word* volatile target = const_cast<Word*>(&constant_word);
  *target = 0;
}

[[gnu::noinline, clang::disable_tail_calls]] void WriteText() {
  Word* volatile target = reinterpret_cast<Word*>(&WriteText);
  *target = 0;
}

[[gnu::noinline, clang::disable_tail_calls]] void ExecuteData() {
  static constinit uint32_t data[4] = {};
  void (*volatile code)() = reinterpret_cast<void (*)()>(reinterpret_cast<uintptr_t>(data));
  code();
}

// Past the end of a block of vmalloc.
[[gnu::noinline, clang::disable_tail_calls]] void OverrunArea() {
  KernelAreas::Areas& areas = RunningSystem()->areas.areas();
  const auto area = areas.Allocate({.size_bytes = mm::kPageSize, .name = "crash test"});
  if (!area) return;
  Word* volatile target = static_cast<Word*>(mm::PointerTo(area->last() + 1));
  *target = kAnyValue;
}

// Into a block of vmalloc that was freed, and that no processor has looked at, before a purge.
[[gnu::noinline, clang::disable_tail_calls]] void WriteFreedArea() {
  KernelAreas::Areas& areas = RunningSystem()->areas.areas();
  const auto area = areas.Allocate({.size_bytes = mm::kPageSize, .name = "crash test"});
  if (!area || !areas.Free(area->base)) return;
  Word* volatile target = static_cast<Word*>(mm::PointerTo(area->base));
  *target = kAnyValue;
}

// Into a block of the heap that was freed, and whose slab was given back.
[[gnu::noinline, clang::disable_tail_calls]] void WriteFreedBlock() {
  mm::KernelHeap& heap = RunningSystem()->objects.heap();
  const auto block = heap.Allocate(mm::kPageSize);
  if (!block) return;
  heap.Free(*block);
  heap.Shrink();
  Word* volatile target = static_cast<Word*>(*block);
  *target = kAnyValue;
}

[[gnu::noinline]] void ExecuteUndefined() { __builtin_trap(); }

[[gnu::noinline, clang::disable_tail_calls]] void FailCheck() {
  volatile bool holds = false;
  CHECK(holds);
}

constexpr auto kCrashes = std::to_array<Crash>({
    {"stack", "call itself until the stack ends", OverflowStack},
    {"thread-stack", "the same in a system call of a thread", OverflowThreadStack},
    {"null", "write through a null pointer", DereferenceNull},
    {"call", "call a null function pointer", CallNull},
    {"rodata", "write to read-only data", WriteReadOnlyData},
    {"text", "write to the kernel's code", WriteText},
    {"execute", "jump into data", ExecuteData},
    {"user-read", "read a program's page without a user copy", ReadUser},
    {"user-execute", "jump into a program's code", ExecuteUser},
    {"vmalloc-guard", "write past the end of an area of vmalloc", OverrunArea},
    {"vmalloc-freed", "write to an area of vmalloc that was freed", WriteFreedArea},
    {"heap-freed", "write to a page of the heap that was freed", WriteFreedBlock},
    {"undefined", "execute an undefined instruction", ExecuteUndefined},
    {"check", "break an invariant", FailCheck},
});

}  // namespace

std::span<const Crash> Crashes() { return kCrashes; }

}  // namespace kernel
