// The pair of 8259A interrupt controllers, which the IOAPIC replaces.
#pragma once

namespace arch {

// Masks every input. Also moves their vectors away from the processor's exceptions, where firmware
// left them, in case one still delivers a spurious interrupt.
void MaskPic();

}  // namespace arch
