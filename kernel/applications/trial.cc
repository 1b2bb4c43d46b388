#include "kernel/applications/trial.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "arch/ops/shared_state.h"
#include "kernel/applications/process_trial.h"
#include "kernel/applications/runtime.h"
#include "kernel/base/print.h"
#include "kernel/mm/facts/address.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/signal.h"

// Of the linker script: what no application may touch. Only the addresses mean anything.
extern "C" {
extern const char image_start[];
extern const char image_rodata_start[];
extern const char image_data_start[];
extern const char boot_stack_bottom[];
extern const char shared_copy_start[];
extern const char image_limit[];
}

namespace applications {
namespace {

constexpr uint32_t kFirstValue = 7;
[[gnu::section(".data_shared")]] constinit uint32_t word_original = kFirstValue;
// Of more than a page with what else is shared: the copy is packed, whatever its size.
[[gnu::section(".bss_shared")]] constinit std::array<uint32_t, 16> words_original{};

constexpr End kGood{};
constexpr End kKilled{.signal = posix::NumberOf(posix::Signal::kSegmentationFault)};

uintptr_t AddressOf(const char* place) { return reinterpret_cast<uintptr_t>(place); }

// What the compiler knows nothing of.
volatile char& At(uintptr_t address) { return *reinterpret_cast<volatile char*>(address); }

End Loads(uintptr_t address) {
  return InChild([=] { return At(address) == 0 ? 0 : 1; });
}

End Stores(uintptr_t address) {
  return InChild([=] {
    At(address) = 1;
    return 0;
  });
}

// Where this context's copy begins, and its stack ends.
uintptr_t CopyBase() { return AddressOf(&arch::Own(*shared_original_start)); }

// --- State of shared code.

bool OwnState() {
  uint32_t& own = arch::Own(word_original);
  if (own != kFirstValue) return false;
  own = 1;
  const End child = InChild([] {
    uint32_t& childs = arch::Own(word_original);
    const bool is_copy = childs == 1;
    childs = 2;
    return is_copy ? 0 : 1;
  });
  return child == kGood && own == 1;
}

bool ZeroState() {
  auto& own = arch::Own(words_original);
  const bool is_zero = std::ranges::all_of(own, [](uint32_t word) { return word == 0; });
  own.fill(1);
  return is_zero;
}

// The arguments end where the copy begins.
bool PackedState(std::string_view last) {
  const uintptr_t texts_end = AddressOf(last.data() + last.size() + 1);
  return CopyBase() == texts_end && CopyBase() % mm::kPageSize != 0;
}

// --- The kernel's memory.

bool KernelIsOutOfReach() {
  const std::array closed = {AddressOf(image_data_start), AddressOf(shared_original_start),
                             AddressOf(boot_stack_bottom), AddressOf(shared_copy_start),
                             AddressOf(image_limit)};
  return std::ranges::all_of(closed, [](uintptr_t address) {
    return Loads(address) == kKilled && Stores(address) == kKilled;
  });
}

bool KernelCodeStays() {
  return Stores(AddressOf(image_start)) == kKilled &&
         Stores(AddressOf(image_rodata_start)) == kKilled &&
         Loads(AddressOf(image_rodata_start)).signal == 0;
}

bool KernelTakesNoPointerToItself() {
  constexpr auto kFault = -static_cast<intptr_t>(posix::Errno::kFault);
  const auto write = [](const char* from) {
    return Call(posix::Call::kWrite, kOutput, AddressOf(from), 1);
  };
  return write(image_data_start) == kFault && write(shared_original_start) == kFault &&
         write(shared_copy_start) == kFault;
}

// --- Heap and stack.

constexpr uintptr_t kHeapBytes = uintptr_t{256} << 10;
constexpr size_t kStackBytes = size_t{32} << 10;

bool HeapGrowsToItsMost() {
  const uintptr_t start = Break();
  if (SetBreak(start + kHeapBytes) != start + kHeapBytes) return false;
  const uintptr_t last = start + kHeapBytes - 1;
  At(last) = 1;
  if (SetBreak(start + kHeapBytes + 1) != start + kHeapBytes) return false;
  if (Stores(last + 1) != kKilled) return false;  // the guard
  if (SetBreak(start) != start) return false;
  return Stores(last) == kKilled && Stores(start) == kKilled;
}

// Down to so many bytes below the copy.
End UseStack(size_t bytes) { return Stores(CopyBase() - bytes); }

bool StackGrowsToItsMost() {
  for (size_t bytes = mm::kPageSize; bytes <= kStackBytes; bytes += mm::kPageSize) {
    if (UseStack(bytes) != kGood) return false;
  }
  // Less than a page more, where the lowest one begins; then the guard, and the heap.
  return UseStack(kStackBytes + mm::kPageSize) == kKilled &&
         UseStack(kStackBytes + 2 * mm::kPageSize) == kKilled;
}

// What the compiler cannot turn into a loop.
[[gnu::noinline]] size_t Descend(size_t depth) {
  std::array<volatile char, 64> room;
  if (depth == SIZE_MAX) return 0;
  room[depth % room.size()] = 1;
  return Descend(depth + 1) + static_cast<size_t>(room[depth % room.size()]);
}

bool EndlessRecursionIsKilled() {
  return InChild([] { return static_cast<int>(Descend(0)); }) == kKilled;
}

bool NothingElseIsMapped() {
  constexpr auto kRefused = -static_cast<intptr_t>(posix::Errno::kNotPermitted);
  const uintptr_t start = Break();
  constexpr uintptr_t kReadWrite = 3;
  constexpr uintptr_t kPrivateFixed = 0x32;  // and anonymous
  return Call(posix::Call::kMmap2, start, mm::kPageSize, kReadWrite, kPrivateFixed) == kRefused &&
         Call(posix::Call::kMunmap, start, mm::kPageSize) == kRefused &&
         Call(posix::Call::kMprotect, start, mm::kPageSize, kReadWrite) == kRefused &&
         Call(posix::Call::kMremap, start, mm::kPageSize, mm::kPageSize) == kRefused &&
         Call(posix::Call::kShmat, 0, 0, 0) == kRefused;
}

struct Test {
  std::string_view name;
  bool (*run)(std::string_view last_argument);
};

template <bool (*run)()>
bool Run(std::string_view) {
  return run();
}

constexpr Test kTests[] = {
    {"state of shared code is the context's own", Run<OwnState>},
    {"state that begins with zeroes", Run<ZeroState>},
    {"the copy begins where the stack ends", PackedState},
    {"the kernel's memory is out of reach", Run<KernelIsOutOfReach>},
    {"the kernel's code and constants are not changed", Run<KernelCodeStays>},
    {"the kernel takes no pointer to itself", Run<KernelTakesNoPointerToItself>},
    {"the heap grows from nothing to its most", Run<HeapGrowsToItsMost>},
    {"the stack grows to its most, and meets the guard", Run<StackGrowsToItsMost>},
    {"endless recursion is killed", Run<EndlessRecursionIsKilled>},
    {"nothing else can be mapped", Run<NothingElseIsMapped>},
    {"the process is as planned", Run<ItIsAsPlanned>},
    {"processes of several sizes", Run<ProcessesOfSeveralSizes>},
    {"a program from a file beside it", Run<AProgramBeside>},
    {"a hundred at once, and nothing stays", Run<AHundredAtOnce>},
    {"as many as there is memory for, and nothing stays", Run<AsManyAsThereIsMemoryFor>},
};

}  // namespace

int RunTrial(int argument_count, char** arguments) {
  const std::string_view last_argument(arguments[argument_count - 1]);
  Output output;
  base::Print(output, "KTAP version 1\n1..{}\n", std::size(kTests));
  int status = 0;
  for (size_t index = 0; index < std::size(kTests); ++index) {
    const bool passed = kTests[index].run(last_argument);
    if (!passed) status = 1;
    base::Print(output, "{}ok {} - {}\n", passed ? "" : "not ", index + 1, kTests[index].name);
  }
  return status;
}

}  // namespace applications
