#include "arch/arm/facts/capabilities.h"

#include <cstdint>
#include <string_view>

#include "testing/unit/test.h"

namespace arch::arm {
namespace {

// As the manuals give them: Cortex-A15 TRM 4.2 and table 2-1 of its NEON TRM.
constexpr IdRegisters kCortexA15 = {
    .id_isar0 = 0x0210'1110, .id_mmfr0 = 0x1020'1105, .mvfr0 = 0x1011'0222, .mvfr1 = 0x1111'1111};

constexpr IdRegisters With(uint32_t IdRegisters::* id_register, uint32_t value) {
  IdRegisters id = kCortexA15;
  id.*id_register = value;
  return id;
}

struct Row {
  std::string_view name;
  IdRegisters id;
  uint32_t capabilities;
};

// half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae: /proc/cpuinfo's words.
constexpr uint32_t kAll = 0x1F'B0D6;

constexpr Row kRows[] = {
    {"Cortex-A15", kCortexA15, kAll},
    {"no division", With(&IdRegisters::id_isar0, 0x0010'1110), kAll & ~uint32_t{0x6'0000}},
    {"division in Thumb alone", With(&IdRegisters::id_isar0, 0x0110'1110),
     kAll & ~uint32_t{0x2'0000}},
    {"short descriptors alone", With(&IdRegisters::id_mmfr0, 0x0010'0104),
     kAll & ~uint32_t{0x10'0000}},
    {"no fused multiply", With(&IdRegisters::mvfr1, 0x0111'1111), kAll & ~uint32_t{0x1'0000}},
    {"no Advanced SIMD", With(&IdRegisters::mvfr1, 0x1000'0011), kAll & ~uint32_t{0x1000}},
};

TEST(ArmCapabilities, AreThoseThatLinuxTells) {
  for (const Row& row : kRows) {
    EXPECT_EQ(HardwareCapabilities(row.id), row.capabilities) << row.name;
  }
}

TEST(ArmCapabilities, KnowHowManyRegistersThereAre) {
  EXPECT_TRUE(Has32DoubleRegisters(kCortexA15.mvfr0));
  EXPECT_FALSE(Has32DoubleRegisters(0x1011'0221));
  EXPECT_FALSE(Has32DoubleRegisters(0));
}

}  // namespace
}  // namespace arch::arm
