// Local APIC and IOAPIC: register numbers and what is written into them.
//
// Local APIC: Intel SDM vol. 3A, chapter 11 ("APIC"). IOAPIC: 82093AA datasheet.
#pragma once

#include <cstdint>

namespace arch::x86_64 {

// IA32_APIC_BASE, SDM vol. 3A 11.4.4.
inline constexpr uint32_t kApicBaseMsr = 0x1b;
inline constexpr uint64_t kApicBaseEnable = uint64_t{1} << 11;
inline constexpr uint64_t kApicBaseAddressMask = 0x000f'ffff'ffff'f000;

// Byte offsets of local APIC registers, SDM vol. 3A table 11-1.
enum class LocalApicRegister : uint32_t {
  kId = 0x020,
  kTaskPriority = 0x080,
  kEndOfInterrupt = 0x0b0,
  kSpurious = 0x0f0,
  kErrorStatus = 0x280,
  kTimerVector = 0x320,
  kPin0Vector = 0x350,
  kPin1Vector = 0x360,
  kErrorVector = 0x370,
  kTimerInitialCount = 0x380,
  kTimerCurrentCount = 0x390,
  kTimerDivide = 0x3e0,
};

inline constexpr uint32_t kSpuriousEnable = 1u << 8;
inline constexpr uint32_t kVectorMasked = 1u << 16;
inline constexpr uint32_t kVectorNmi = 4u << 8;       // delivery mode
inline constexpr uint32_t kTimerDivideBy16 = 0b0011;  // SDM vol. 3A figure 11-10

// The processor's number in the register kId.
constexpr uint8_t LocalApicId(uint32_t id_register) {
  return static_cast<uint8_t>(id_register >> 24);
}

// The IOAPIC shows its registers through a pair of windows: number, then value.
inline constexpr uint32_t kIoApicSelectOffset = 0x00;
inline constexpr uint32_t kIoApicWindowOffset = 0x10;
inline constexpr uint32_t kIoApicVersionRegister = 0x01;

// How many inputs there are, from the version register.
constexpr unsigned IoApicInputCount(uint32_t version_register) {
  return ((version_register >> 16) & 0xff) + 1;
}

// One redirection entry takes two registers, low half first.
constexpr uint32_t IoApicEntryRegister(unsigned input) { return 0x10 + 2 * input; }

struct IoApicEntry {
  uint32_t low;
  uint32_t high;

  friend constexpr bool operator==(const IoApicEntry&, const IoApicEntry&) = default;
};

inline constexpr IoApicEntry kIoApicMasked{kVectorMasked, 0};

// An ISA interrupt (edge triggered, active high) for one processor, by its local APIC's number.
constexpr IoApicEntry IsaInterrupt(uint8_t vector, uint8_t local_apic_id) {
  return {vector, uint32_t{local_apic_id} << 24};
}

inline constexpr uint32_t kActiveLow = 1u << 13;
inline constexpr uint32_t kLevelTriggered = 1u << 15;

// A PCI interrupt: level triggered, active low (PCI Local Bus Specification 3.0, 2.2.6).
constexpr IoApicEntry LevelInterrupt(uint8_t vector, uint8_t local_apic_id) {
  return {vector | kActiveLow | kLevelTriggered, uint32_t{local_apic_id} << 24};
}

constexpr IoApicEntry Masked(const IoApicEntry& entry) {
  return {entry.low | kVectorMasked, entry.high};
}

}  // namespace arch::x86_64
