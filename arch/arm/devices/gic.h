// The GICv2 interrupt controller, as one processor uses it. ARM IHI 0048B, chapter 4.
#pragma once

#include <cstdint>

#include "arch/arm/devices/mmio.h"

namespace arch::arm {

// Lower ones are private to a processor (2.2.1).
inline constexpr uint32_t kGicFirstShared = 32;

enum class GicTrigger : uint8_t { kLevel, kEdge };

class Gic {
 public:
  constexpr Gic() = default;
  constexpr Gic(Mmio distributor, Mmio cpu_interface)
      : distributor_(distributor), cpu_interface_(cpu_interface) {}

  // Every interrupt disabled, then the controller on, for this processor.
  void Initialize() const;

  // Lets `interrupt` through, to this processor if it is a shared one.
  void Enable(uint32_t interrupt) const;

  // Keeps a shared interrupt back. An edge that comes meanwhile is not lost.
  void Disable(uint32_t interrupt) const;
  // Enables it again.
  void EnableAgain(uint32_t interrupt) const;
  // Of a shared interrupt that is disabled: an edge raises it, or a level as long as it lasts.
  void SetTrigger(uint32_t interrupt, GicTrigger trigger) const;
  // Of a shared interrupt: whether it is let through, and what raises it.
  [[nodiscard]] bool IsEnabled(uint32_t interrupt) const;
  [[nodiscard]] GicTrigger TriggerOf(uint32_t interrupt) const;
  // How many there are, private ones included.
  [[nodiscard]] uint32_t InterruptCount() const;

  // What the processor is to handle, as the controller words it; Finish() takes the same word.
  uint32_t Acknowledge() const;
  void Finish(uint32_t acknowledged) const;

  static constexpr uint32_t InterruptOf(uint32_t acknowledged) { return acknowledged & 0x3FF; }

  // Nothing was pending after all: not to be finished (3.2.3).
  static constexpr bool IsSpurious(uint32_t interrupt) { return interrupt >= 1020; }

 private:
  Mmio distributor_;
  Mmio cpu_interface_;
};

}  // namespace arch::arm
