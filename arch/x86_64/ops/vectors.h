// Which interrupt vector means what. 0 to 31 are the processor's exceptions.
#pragma once

#include <cstdint>

namespace arch {

// The old interrupt controllers are masked; were they to interrupt all the same, it would be here.
inline constexpr uint8_t kFirstPicVector = 0x20;
inline constexpr uint8_t kSecondPicVector = 0x28;

inline constexpr uint8_t kConsoleVector = 0x30;
inline constexpr uint8_t kTimerVector = 0x40;
// Those of drivers outside the kernel, by the number of the line.
inline constexpr uint8_t kFirstLineVector = 0x50;
inline constexpr uint8_t kLineVectorCount = 32;
inline constexpr uint8_t kApicErrorVector = 0xfe;
inline constexpr uint8_t kSpuriousVector = 0xff;  // low four bits all set, as old APICs need

}  // namespace arch
