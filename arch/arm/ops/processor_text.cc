#include "arch/ops/processor_text.h"

#include <cstdint>

#include "arch/arm/ops/coprocessor.h"
#include "arch/ops/cpu.h"
#include "kernel/base/bits.h"

namespace arch {

// MIDR, ARM DDI 0406C B4.1.105.
void PrintProcessor(base::Sink& sink) {
  const uint32_t midr = arm::ReadMidr();
  base::Print(sink,
              "processor\t: 0\nmodel name\t: ARMv7 Processor rev {} ({})\n"
              "CPU implementer\t: {:#x}\nCPU architecture: 7\nCPU variant\t: {:#x}\n"
              "CPU part\t: {:#x}\nCPU revision\t: {}\n\n",
              base::Field{0, 4}.Extract(midr), kPlatformName, base::Field{24, 8}.Extract(midr),
              base::Field{20, 4}.Extract(midr), base::Field{4, 12}.Extract(midr),
              base::Field{0, 4}.Extract(midr));
}

}  // namespace arch
