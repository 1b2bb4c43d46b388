// The end of a run that cannot go on.
#pragma once

#include <string_view>

#include "kernel/base/print.h"
#include "kernel/init/console.h"

namespace arch {
struct RegisterState;
}

namespace kernel {

// Prints registers when given, a symbolised backtrace, and ends the run with a failing status. A
// panic inside a panic ends it at once.
[[noreturn]] void DieWithBacktrace(const arch::RegisterState* registers);

// First line of a panic; ends a nested one.
void BeginPanic();

// `PANIC: ` and the message, then DieWithBacktrace. `registers` is null when there was no
// exception.
template <class... Arguments>
[[noreturn]] void Panic(const arch::RegisterState* registers,
                        base::CheckedFormat<std::type_identity_t<Arguments>...> format,
                        const Arguments&... arguments) {
  BeginPanic();
  base::Print(Console(), format, arguments...);
  Console().Write("\n");
  DieWithBacktrace(registers);
}

}  // namespace kernel
