// What code that contexts share knows of the one that runs it.
#pragma once

#include <string_view>

namespace kernel {

struct ContextState {
  std::string_view name;  // for messages
};

// Of the context that runs.
ContextState& CurrentContext();

}  // namespace kernel
