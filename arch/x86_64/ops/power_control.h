// What start-up found in the ACPI tables, for power.h.
#pragma once

#include "arch/x86_64/firmware/acpi.h"

namespace arch {

// Set once by arch::Enter; without it, PowerOff() and Reboot() use what every PC has.
void SetAcpiPower(const x86_64::AcpiPower& power);

}  // namespace arch
