// Boots that cannot go on because of what the machine or its firmware gives.
#pragma once

#include <type_traits>

#include "kernel/base/print.h"
#include "kernel/init/console.h"

namespace kernel {

// Print `BOOT REFUSED: ` and what follows it on the line; end the run with a failing status.
void BeginRefusal();
[[noreturn]] void EndRefusal();

template <class... Arguments>
[[noreturn]] void Refuse(base::CheckedFormat<std::type_identity_t<Arguments>...> format,
                         const Arguments&... arguments) {
  BeginRefusal();
  base::Print(Console(), format, arguments...);
  EndRefusal();
}

}  // namespace kernel
