#include "arch/ops/power.h"

#include <cstdint>
#include <optional>

#include "arch/ops/cpu.h"
#include "arch/ops/port_io.h"
#include "arch/ops/power_control.h"
#include "arch/x86_64/devices/descriptors.h"
#include "arch/x86_64/devices/devices.h"

namespace arch {
namespace {

using namespace arch::x86_64;

constinit std::optional<AcpiPower> acpi;

// PM1 control register, ACPI 6.4, 4.8.3.2.1.
constexpr uint16_t kAcpiMode = 1 << 0;  // SCI_EN
constexpr unsigned kSleepTypeShift = 10;
constexpr uint16_t kSleepTypeMask = 7 << kSleepTypeShift;
constexpr uint16_t kSleepEnable = 1 << 13;

// A second or two: the end comes from outside, and on a busy host not at once.
void WaitForTheEnd() {
  constexpr uint64_t kCycles = uint64_t{1} << 32;
  const uint64_t start = ReadCycles();
  while (ReadCycles() - start < kCycles) asm volatile("pause");
}

// The power registers may still be firmware's; ACPI 6.4, 4.8.2.2 hands them over.
void EnterAcpiMode() {
  if ((ReadPort16(acpi->control_a_port) & kAcpiMode) != 0) return;
  if (acpi->smi_command_port == 0 || acpi->enable_value == 0) return;
  WritePort8(acpi->smi_command_port, acpi->enable_value);
  constexpr unsigned kMaxLooks = 100'000;  // a look takes about a microsecond
  for (unsigned i = 0; i < kMaxLooks; ++i) {
    if ((ReadPort16(acpi->control_a_port) & kAcpiMode) != 0) return;
  }
}

void StartSleep(uint16_t port, uint8_t type) {
  if (port == 0) return;
  const auto kept = static_cast<uint16_t>(ReadPort16(port) & ~(kSleepTypeMask | kSleepEnable));
  WritePort16(port, static_cast<uint16_t>(kept | type << kSleepTypeShift | kSleepEnable));
}

void ResetByAcpi() {
  if (!acpi || !acpi->reset) return;
  WritePort8(acpi->reset->port, acpi->reset->value);
  WaitForTheEnd();
}

void ResetByChipset() {
  WritePort8(kResetControlPort, kResetControlHard);
  WritePort8(kResetControlPort, kResetControlReset);
  WaitForTheEnd();
}

void ResetByKeyboardController() {
  WritePort8(kKeyboardCommandPort, kKeyboardPulseReset);
  WaitForTheEnd();
}

// An exception that finds no gate, nor one for the double fault that follows, resets the processor.
void ResetByTripleFault() {
  const TablePointer empty{0, 0};
  asm volatile("lidt %0; int3" : : "m"(empty));
}

}  // namespace

void SetAcpiPower(const AcpiPower& power) { acpi = power; }

void PowerOff() {
  asm volatile("cli");
  if (acpi) {
    EnterAcpiMode();
    StartSleep(acpi->control_a_port, acpi->off_type_a);
    StartSleep(acpi->control_b_port, acpi->off_type_b);
    WaitForTheEnd();
  }
  ExitWithFailure();
}

void Reboot() {
  asm volatile("cli");
  ResetByAcpi();
  ResetByChipset();
  ResetByKeyboardController();
  ResetByTripleFault();
  Halt();
}

void ExitWithFailure() {
  WritePort32(kDebugExitPort, kDebugExitFailure);
  Halt();
}

}  // namespace arch
