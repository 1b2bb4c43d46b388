#include "kernel/init/panic.h"

#include "arch/ops/backtrace.h"
#include "arch/ops/power.h"
#include "arch/ops/registers.h"
#include "kernel/base/check.h"
#include "kernel/init/context_state.h"
#include "kernel/init/image.h"
#include "kernel/symbols/linked_symbols.h"

namespace kernel {
namespace {

// Plain, not atomic: a panic runs with interrupts off, and only one processor is started.
constinit bool panicking = false;

// Prints one call a line, and a run of equal ones, as endless recursion leaves them, in two.
class BacktracePrinter {
 public:
  void Add(uintptr_t pc) {
    const unsigned depth = depth_++;
    if (depth != 0 && pc == previous_) {
      ++repeats_;
      return;
    }
    Finish();
    previous_ = pc;
    base::Print(Console(), "  #{} {} ", depth, mm::VirtAddr{pc});
    const auto place = FindSymbol(LinkedSymbols(), pc - ImageStart().value);
    if (place) {
      base::Print(Console(), "{}+{:#x}\n", place->name, place->offset);
    } else {
      Console().Write("(not in the image)\n");
    }
  }

  void Finish() {
    if (repeats_ != 0) base::Print(Console(), "  ... and {} times the same\n", repeats_);
    repeats_ = 0;
  }

 private:
  unsigned depth_ = 0;
  unsigned repeats_ = 0;
  uintptr_t previous_ = 0;
};

}  // namespace

void BeginPanic() {
  if (panicking) {
    Console().Write("\nPANIC: again, while panicking\n");
    arch::ExitWithFailure();
  }
  panicking = true;
  Console().Write("\nPANIC: ");
}

void DieWithBacktrace(const arch::RegisterState* registers) {
  if (registers != nullptr) arch::PrintRegisters(Console(), *registers);
  base::Print(Console(), "context: {}\nbacktrace:\n", CurrentContext().name);
  BacktracePrinter printer;
  const auto visit = [&printer](uintptr_t pc) { printer.Add(pc); };
  if (registers != nullptr) {
    arch::WalkStack(*registers, visit);
  } else {
    arch::WalkOwnStack(visit);
  }
  printer.Finish();
  arch::ExitWithFailure();
}

}  // namespace kernel

void base::CheckFailed(const char* expression, std::source_location location) {
  kernel::Panic(nullptr, "check failed: {} at {}:{}", expression, location.file_name(),
                location.line());
}

// The compiler's: what stands in a class's table for a function that only derived classes have.
extern "C" [[noreturn]] void
__cxa_pure_virtual();  // NOLINT(bugprone-reserved-identifier): its name
extern "C" void __cxa_pure_virtual() {
  kernel::Panic(nullptr, "a pure virtual function was called");
}
