// All forms of all system calls that the kernel does, and how their arguments are handed over.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "kernel/posix/call.h"
#include "userspace/calls/call_form.h"
#include "userspace/calls/file_forms.h"
#include "userspace/calls/memory_forms.h"
#include "userspace/calls/own_forms.h"
#include "userspace/calls/process_forms.h"
#include "userspace/calls/time_forms.h"

namespace calls {

inline constexpr std::span<const CallForm> kAllForms[] = {
    kMemoryForms, kProcessForms, kTimeForms, kByteForms, kNameForms, kNativeForms, kDeviceForms};

// The call's number on this processor and this kernel, which may not have it.
[[nodiscard]] std::optional<long> NumberOf(const CallForm& form);

// Whether the kernel has calls of its own.
[[nodiscard]] bool HasOwnCalls();

using Registers = std::array<long, kMostArguments>;

// One argument for each of the form's, as a system call takes them.
[[nodiscard]] Registers InRegisters(const CallForm& form, const Registers& arguments);

}  // namespace calls
