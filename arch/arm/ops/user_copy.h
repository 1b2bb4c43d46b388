// Copies between the kernel and user mode's pages. The only code that may touch those.
//
// The caller has checked that the range lies in the part of the address space that is the user's
// and does not wrap (kernel/space/user_range.h). Faults go to
// TrapHandlers::resolve_user_copy_fault; what that does not resolve ends the copy at the very byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/mm/facts/address.h"

namespace arch {

// Each returns how many bytes, at the end of the range, were not copied.
[[nodiscard]] size_t CopyFromUser(void* to, mm::VirtAddr from, size_t bytes);
[[nodiscard]] size_t CopyToUser(mm::VirtAddr to, const void* from, size_t bytes);
[[nodiscard]] size_t ZeroUser(mm::VirtAddr to, size_t bytes);

// Copies up to and with the first 0, at most `room` bytes. The length without the 0; nothing when a
// byte could not be read. `room` when there is no 0 among so many: nothing ends the string then.
[[nodiscard]] std::optional<size_t> CopyStringFromUser(char* to, mm::VirtAddr from, size_t room);

// A word for futex(), aligned by the caller. Nothing when it could not be accessed.
[[nodiscard]] std::optional<uint32_t> LoadUser32(mm::VirtAddr va);
// Writes `desired` if `expected` is there, at once: what was there before.
[[nodiscard]] std::optional<uint32_t> CompareExchangeUser32(mm::VirtAddr va, uint32_t expected,
                                                            uint32_t desired);

}  // namespace arch
