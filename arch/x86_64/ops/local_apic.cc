#include "arch/ops/local_apic.h"

#include "arch/ops/control_registers.h"
#include "arch/ops/vectors.h"
#include "arch/x86_64/devices/apic.h"
#include "arch/x86_64/devices/devices.h"

namespace arch {
namespace {

using namespace arch::x86_64;

constinit volatile char* registers = nullptr;

volatile uint32_t& Register(LocalApicRegister which) {
  return *reinterpret_cast<volatile uint32_t*>(registers + static_cast<uint32_t>(which));
}

}  // namespace

base::Result<> StartLocalApic(DeviceMapper* map_device) {
  const uint64_t base = ReadMsr(kApicBaseMsr);
  const auto va =
      map_device(mm::PhysAddr{base & kApicBaseAddressMask}, kLocalApicBytes, "local APIC");
  if (!va) return std::unexpected(va.error());
  registers = static_cast<volatile char*>(mm::PointerTo(*va));
  WriteMsr(kApicBaseMsr, base | kApicBaseEnable);

  // Enabled first: a disabled APIC keeps its vectors masked whatever is written.
  Register(LocalApicRegister::kSpurious) = kSpuriousEnable | kSpuriousVector;
  Register(LocalApicRegister::kTaskPriority) = 0;
  Register(LocalApicRegister::kTimerVector) = kVectorMasked;
  Register(LocalApicRegister::kPin0Vector) = kVectorMasked;
  Register(LocalApicRegister::kPin1Vector) = kVectorNmi;
  Register(LocalApicRegister::kErrorStatus) = 0;
  Register(LocalApicRegister::kErrorVector) = kApicErrorVector;
  return {};
}

uint8_t LocalApicNumber() { return LocalApicId(Register(LocalApicRegister::kId)); }

void EndOfInterrupt() { Register(LocalApicRegister::kEndOfInterrupt) = 0; }

void StartTimerCountdown(uint32_t count) {
  Register(LocalApicRegister::kTimerVector) = kVectorMasked;
  Register(LocalApicRegister::kTimerDivide) = kTimerDivideBy16;
  Register(LocalApicRegister::kTimerInitialCount) = count;
}

uint32_t TimerCountLeft() { return Register(LocalApicRegister::kTimerCurrentCount); }

// SDM vol. 3A 11.5.4: without another mode, one-shot.
void StartTimerInterrupts() {
  Register(LocalApicRegister::kTimerVector) = kTimerVector;
  Register(LocalApicRegister::kTimerDivide) = kTimerDivideBy16;
}

void SetTimerCount(uint32_t count) { Register(LocalApicRegister::kTimerInitialCount) = count; }

}  // namespace arch
