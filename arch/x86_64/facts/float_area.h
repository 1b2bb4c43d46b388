// How FXSAVE and XSAVE lay out floating-point registers in memory: Intel SDM vol. 1, table 10-2 and
// 13.4.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace arch::x86_64 {

struct FxsaveArea {
  uint16_t control_word;
  uint16_t status_word;
  uint8_t tag_word;
  uint8_t reserved0;
  uint16_t opcode;
  uint64_t instruction_pointer;
  uint64_t data_pointer;
  uint32_t mxcsr;
  uint32_t mxcsr_mask;  // bits that MXCSR may have
  std::array<std::byte, 8 * 16> x87;
  std::array<std::byte, 16 * 16> xmm;
  std::array<std::byte, 48> reserved1;
  std::array<std::byte, 48> for_software;  // the processor leaves it alone
};
static_assert(sizeof(FxsaveArea) == 512);
static_assert(offsetof(FxsaveArea, mxcsr) == 24);
static_assert(offsetof(FxsaveArea, for_software) == 464);

// Behind an FxsaveArea.
struct XsaveHeader {
  uint64_t components;  // XSTATE_BV: those that are not in their initial state
  uint64_t compacted;   // XCOMP_BV: 0 in the standard format
  std::array<uint64_t, 6> reserved;
};
static_assert(sizeof(XsaveHeader) == 64);

// After FNINIT (vol. 1 8.1.5) and after reset (vol. 1 10.2.3).
inline constexpr uint16_t kInitialX87Control = 0x037f;
inline constexpr uint32_t kInitialMxcsr = 0x1f80;

// Where a processor says none (vol. 1 11.6.6).
inline constexpr uint32_t kDefaultMxcsrMask = 0x0000'ffbf;

}  // namespace arch::x86_64
