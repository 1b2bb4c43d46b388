// What the processor's identification registers say. ARM DDI 0406C B4.1 (register by register),
// B7 (their fields).
#pragma once

#include <cstdint>

#include "arch/arm/facts/capabilities.h"
#include "arch/arm/ops/coprocessor.h"

namespace arch::arm {

// ID_MMFR0.VMSA, B4.1.89: from 3 on VMSAv7, from 4 on with PXN, from 5 on with long descriptors.
inline bool HasShortDescriptors() { return IdField(ReadIdMmfr0(), 0) >= 3; }
inline bool HasPrivilegedExecuteNever() { return IdField(ReadIdMmfr0(), 0) >= 4; }
inline bool HasLongDescriptors() { return IdField(ReadIdMmfr0(), 0) >= 5; }

// ID_MMFR3.Coherent walk, B4.1.92.
inline bool HasCoherentWalks() { return IdField(ReadIdMmfr3(), 20) >= 1; }

// ID_PFR1, B4.1.94.
inline bool HasSecurity() { return IdField(ReadIdPfr1(), 4) != 0; }
inline bool HasVirtualization() { return IdField(ReadIdPfr1(), 12) != 0; }
inline bool HasGenericTimer() { return IdField(ReadIdPfr1(), 16) != 0; }

// ID_DFR0.PerfMon, B4.1.82: 0 and 15 are none. start.S asks the same.
inline bool HasCycleCounter() {
  const uint32_t version = IdField(ReadIdDfr0(), 24);
  return version != 0 && version != 0xF;
}

// MPIDR bit 31, B4.1.106.
inline bool HasMultiprocessing() { return ReadMpidr() >> 31 != 0; }

}  // namespace arch::arm
