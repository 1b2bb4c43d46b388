#include "arch/ops/trial_programs.h"

extern "C" {
extern const std::byte trial_code[];
extern const std::byte trial_code_limit[];
// In the order of TrialProgram.
extern const uint32_t trial_offsets[];
}

namespace arch {

std::span<const std::byte> TrialCode() { return {trial_code, trial_code_limit}; }

size_t TrialOffset(TrialProgram program) { return trial_offsets[static_cast<size_t>(program)]; }

}  // namespace arch
