// Processors as the memory manager sees them, in a kernel.
#pragma once

#include <cstdint>

#include "kernel/sync/cpu_count.h"

namespace locking {

// While it lives, the code runs on one processor and nothing else that pins runs on it. That is so
// anyway: a thread in the kernel goes on until it blocks, what interrupts the idle thread finds it
// without a pin, and what interrupts the monitor and tests has none
// (docs/adr/0022-threads-in-the-kernel.md). Nobody blocks while one lives.
class CpuPin {
 public:
  // Not defaulted, so that a pin of which only the life matters is no unused variable.
  CpuPin() {}   // NOLINT(modernize-use-equals-default)
  ~CpuPin() {}  // NOLINT(modernize-use-equals-default)
  CpuPin(const CpuPin&) = delete;
  CpuPin& operator=(const CpuPin&) = delete;

  // Only the processor that booted runs.
  [[nodiscard]] static constexpr unsigned index() { return 0; }

  // Who holds a lock that is taken now; not 0.
  [[nodiscard]] static constexpr uint32_t holder() { return index() + 1; }
};

// Between two looks at something another processor is about to change.
inline void Relax() {}

}  // namespace locking
