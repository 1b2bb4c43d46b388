#include "arch/ops/cache.h"

#include <cstdint>

#include "arch/arm/facts/capabilities.h"
#include "arch/arm/ops/coprocessor.h"
#include "arch/arm/ops/user_domain.h"

// In user_copy.S. How many lines, at the end, could not be reached.
extern "C" uint32_t ArmCleanUserLines(uint32_t first_line, uint32_t lines, uint32_t line_bytes);

namespace arch {
namespace {

// CTR.DminLine, the smallest line of all data caches: log2 of its words. B4.1.42.
uint32_t LineBytes() { return uint32_t{4} << arm::IdField(arm::ReadCacheType(), 16); }

struct Lines {
  uint32_t first;
  uint32_t count;
  uint32_t bytes;
};

Lines LinesOf(const mm::VirtRange& range) {
  const uint32_t bytes = LineBytes();
  const uint32_t first = static_cast<uint32_t>(range.base.value) & ~(bytes - 1);
  const uint32_t last = static_cast<uint32_t>(range.last().value) & ~(bytes - 1);
  return {first, (last - first) / bytes + 1, bytes};
}

// All of it: by address only lines of that very address would have to go, and code is executed at
// others than it was written at (B3.11.2: the instruction cache may be virtually indexed).
void ForgetInstructions() {
  arm::DataBarrier();
  arm::InvalidateInstructionCache();
  arm::InvalidateBranchPredictor();
  arm::DataBarrier();
  arm::InstructionBarrier();
}

}  // namespace

void MakeExecutable(const mm::VirtRange& shown) {
  if (shown.IsEmpty()) return;
  const Lines lines = LinesOf(shown);
  for (uint32_t i = 0; i < lines.count; ++i) arm::CleanDataLine(lines.first + i * lines.bytes);
  ForgetInstructions();
}

bool MakeUserCodeCurrent(const mm::VirtRange& range) {
  if (range.IsEmpty()) return true;
  const Lines lines = LinesOf(range);
  uint32_t missed = 0;
  {
    const arm::UserDomainOpen open;
    missed = ArmCleanUserLines(lines.first, lines.count, lines.bytes);
  }
  ForgetInstructions();
  return missed == 0;
}

}  // namespace arch
