// The processor has no I/O ports: nobody may call any of these.
#pragma once

#include <cstdint>

namespace machine {

inline constexpr bool kHasPorts = false;

inline void WritePort8(uint16_t, uint8_t) {}
inline void WritePort16(uint16_t, uint16_t) {}
inline void WritePort32(uint16_t, uint32_t) {}
inline uint8_t ReadPort8(uint16_t) { return UINT8_MAX; }
inline uint16_t ReadPort16(uint16_t) { return UINT16_MAX; }
inline uint32_t ReadPort32(uint16_t) { return UINT32_MAX; }

}  // namespace machine
