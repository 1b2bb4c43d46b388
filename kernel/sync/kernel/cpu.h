// Processors as the memory manager sees them, in a kernel.
#pragma once

#include "arch/ops/cpu.h"
#include "kernel/sync/cpu_count.h"

namespace locking {

// While it lives, the code runs on one processor and nothing else runs on it: interrupts are off.
class CpuPin {
 public:
  CpuPin() = default;
  CpuPin(const CpuPin&) = delete;
  CpuPin& operator=(const CpuPin&) = delete;

  // Only the processor that booted runs.
  [[nodiscard]] static constexpr unsigned index() { return 0; }

 private:
  arch::InterruptsOff interrupts_off_;
};

// Between two looks at something another processor is about to change.
inline void Relax() {}

}  // namespace locking
