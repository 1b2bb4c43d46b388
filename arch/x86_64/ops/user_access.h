// How the accesses to user pages in user_copy.S end that fault.
#pragma once

#include <cstdint>
#include <optional>

namespace arch {

// Whether the processor keeps the kernel from user pages (SMAP), so that copies have to open them.
// Set by StartUserMode().
extern bool has_smap;

// Where the access at `instruction` goes on if its fault is not resolved; nothing for any other
// instruction.
std::optional<uint64_t> FindUserCopyFixup(uint64_t instruction);

}  // namespace arch
