#include "arch/ops/trial_programs.h"

// In trial_programs.S.
extern "C" {
extern const std::byte arm_trial_code[];
extern const std::byte arm_trial_code_limit[];
// By TrialProgram. Bit 0: it is Thumb code.
extern const uint32_t arm_trial_offsets[];
}

namespace arch {

std::span<const std::byte> TrialCode() { return {arm_trial_code, arm_trial_code_limit}; }

size_t TrialOffset(TrialProgram program) { return arm_trial_offsets[static_cast<size_t>(program)]; }

}  // namespace arch
