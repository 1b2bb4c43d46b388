// Devices' interrupt lines, for drivers outside the kernel. Lines are counted from 0: shared
// interrupts of the GIC, as device trees number them.
// With interrupts off.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "arch/arm/devices/gic.h"

namespace arch {

inline constexpr std::string_view kInterruptControllerName = "GIC";

enum class InterruptTrigger : uint8_t { kEdge, kLevel };

// How many there are, after StartInterrupts().
[[nodiscard]] size_t InterruptLineCount();

// From now on its interrupts go to TrapHandlers::on_interrupt, which finds it masked. The console's
// line may be opened: the kernel then receives no characters. `line` is closed and there is one.
void OpenLine(uint32_t line, InterruptTrigger trigger);

// Masked or not: it never interrupts again, unless it is the console's, which the kernel receives
// from then.
void CloseLine(uint32_t line);

// Of an open line that is masked. What came meanwhile interrupts now, perhaps before this returns.
void UnmaskLine(uint32_t line);

// What has come of a line since start-up, opened or not, and what the controller does with it now.
// The console's counts whoever receives.
struct LineFacts {
  uint32_t interrupts;
  enum class Gate : uint8_t { kMasked, kOpen } gate;
  InterruptTrigger trigger;
};
// There is such a line.
[[nodiscard]] LineFacts FactsOfLine(uint32_t line);

namespace arm {

// Opens none of them; `gic` is started and stays.
void StartInterruptLines(const Gic& gic);

// Counts an interrupt of a line, and masks the line. False: it is not open.
[[nodiscard]] bool MaskOpenLine(uint32_t interrupt);

// Of a shared one.
[[nodiscard]] uint32_t LineOf(uint32_t interrupt);

}  // namespace arm
}  // namespace arch
