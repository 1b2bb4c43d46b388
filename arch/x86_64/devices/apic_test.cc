#include "arch/x86_64/devices/apic.h"

#include "gtest/gtest.h"

namespace arch::x86_64 {
namespace {

TEST(Apic, IdIsTheTopByte) {
  EXPECT_EQ(LocalApicId(0x00000000), 0);
  EXPECT_EQ(LocalApicId(0x03000000), 3);
  EXPECT_EQ(LocalApicId(0xff123456), 0xff);
}

TEST(IoApic, CountsInputs) {
  EXPECT_EQ(IoApicInputCount(0x00170011), 24u);  // 82093AA, and QEMU's
  EXPECT_EQ(IoApicInputCount(0x00170020), 24u);
  EXPECT_EQ(IoApicInputCount(0x00ef0011), 240u);
}

TEST(IoApic, EntriesTakeTwoRegisters) {
  EXPECT_EQ(IoApicEntryRegister(0), 0x10u);
  EXPECT_EQ(IoApicEntryRegister(4), 0x18u);
  EXPECT_EQ(IoApicEntryRegister(23), 0x3eu);
}

TEST(IoApic, EntryEncodings) {
  EXPECT_EQ(kIoApicMasked, (IoApicEntry{0x00010000, 0}));
  // Fixed delivery, physical destination, active high, edge triggered, open.
  EXPECT_EQ(IsaInterrupt(0x30, 0), (IoApicEntry{0x00000030, 0x00000000}));
  EXPECT_EQ(IsaInterrupt(0xef, 5), (IoApicEntry{0x000000ef, 0x05000000}));
  EXPECT_EQ(LevelInterrupt(0x5a, 2), (IoApicEntry{0x0000a05a, 0x02000000}));
  EXPECT_EQ(Masked(LevelInterrupt(0x5a, 2)), (IoApicEntry{0x0001a05a, 0x02000000}));
}

}  // namespace
}  // namespace arch::x86_64
