// What a program is told of its processor: AT_HWCAP and AT_PLATFORM, as Linux has them (its
// arch/arm/include/uapi/asm/hwcap.h), from the identification registers.
#pragma once

#include <cstdint>
#include <string_view>

namespace arch::arm {

namespace hwcap {
inline constexpr uint32_t kHalfWords = uint32_t{1} << 1;
inline constexpr uint32_t kThumb = uint32_t{1} << 2;
inline constexpr uint32_t kFastMultiply = uint32_t{1} << 4;
inline constexpr uint32_t kVfp = uint32_t{1} << 6;
inline constexpr uint32_t kDspInstructions = uint32_t{1} << 7;  // EDSP
inline constexpr uint32_t kNeon = uint32_t{1} << 12;
inline constexpr uint32_t kVfpV3 = uint32_t{1} << 13;
inline constexpr uint32_t kThreadPointer = uint32_t{1} << 15;  // TLS: TPIDRURO is there
inline constexpr uint32_t kVfpV4 = uint32_t{1} << 16;
inline constexpr uint32_t kDivideArm = uint32_t{1} << 17;
inline constexpr uint32_t kDivideThumb = uint32_t{1} << 18;
inline constexpr uint32_t kVfpD32 = uint32_t{1} << 19;
inline constexpr uint32_t kLongDescriptors = uint32_t{1} << 20;  // LPAE: LDRD is atomic
}  // namespace hwcap

// "l" is for little endian.
inline constexpr std::string_view kPlatformName = "v7l";

struct IdRegisters {
  uint32_t id_isar0;
  uint32_t id_mmfr0;
  uint32_t mvfr0;
  uint32_t mvfr1;
};

// Fields are 4 bits wide.
constexpr uint32_t IdField(uint32_t id_register, unsigned low_bit) {
  return (id_register >> low_bit) & 0xF;
}

// D0 to D31, which Advanced SIMD needs: MVFR0.A_SIMD registers, ARM DDI 0406C B4.1.110.
constexpr bool Has32DoubleRegisters(uint32_t mvfr0) { return IdField(mvfr0, 0) == 2; }

// AT_HWCAP. Of a processor that start-up takes: ARMv7-A, 32 double registers. AT_HWCAP2 is 0.
constexpr uint32_t HardwareCapabilities(const IdRegisters& id) {
  using namespace hwcap;  // NOLINT(google-build-using-namespace)
  uint32_t found = kHalfWords | kThumb | kFastMultiply | kDspInstructions | kThreadPointer | kVfp |
                   kVfpV3 | kVfpD32;
  // MVFR1, B4.1.111: load and store, integer, single precision of Advanced SIMD.
  if (IdField(id.mvfr1, 8) >= 1 && IdField(id.mvfr1, 12) >= 1 && IdField(id.mvfr1, 16) >= 1) {
    found |= kNeon;
  }
  if (IdField(id.mvfr1, 28) >= 1) found |= kVfpV4;  // fused multiply accumulate
  // ID_ISAR0.Divide_instrs, B4.1.83: Thumb alone, or both.
  if (IdField(id.id_isar0, 24) >= 1) found |= kDivideThumb;
  if (IdField(id.id_isar0, 24) >= 2) found |= kDivideArm;
  if (IdField(id.id_mmfr0, 0) >= 5) found |= kLongDescriptors;  // B4.1.89
  return found;
}

}  // namespace arch::arm
