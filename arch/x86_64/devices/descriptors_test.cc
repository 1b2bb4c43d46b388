#include "arch/x86_64/devices/descriptors.h"

#include "gtest/gtest.h"

namespace arch::x86_64 {
namespace {

// Expected values are put together by hand from the figures of the manual.
TEST(Descriptors, TaskState) {
  EXPECT_EQ(TaskStateDescriptor(0), (DescriptorPair{0x0000890000002068, 0}));
  EXPECT_EQ(TaskStateDescriptor(0xffffffff80109abc),
            (DescriptorPair{0x80008910'9abc2068, 0x00000000ffffffff}));
  EXPECT_EQ(TaskStateDescriptor(0x0123456789abcdef),
            (DescriptorPair{0x890089ab'cdef2068, 0x0000000001234567}));
}

// SDM vol. 1 19.5.2: port n is bit n % 8 of byte n / 8.
TEST(Descriptors, PortMap) {
  PortMap map{};
  map.Refuse(0x20);
  map.Refuse(0x43);
  map.Refuse(0xffff);
  EXPECT_EQ(map.bytes[0x20 / 8], 0x01);
  EXPECT_EQ(map.bytes[0x40 / 8], 0x08);
  EXPECT_EQ(map.bytes[0x1fff], 0x80);
  EXPECT_EQ(offsetof(PortMap, end), 0x2000u);
}

TEST(Descriptors, InterruptGate) {
  EXPECT_EQ(InterruptGate(0, 0, GateUse::kKernel), (DescriptorPair{0x00008e0000080000, 0}));
  EXPECT_EQ(InterruptGate(0xffffffff80101230, 1, GateUse::kKernel),
            (DescriptorPair{0x80108e0100081230, 0x00000000ffffffff}));
  EXPECT_EQ(InterruptGate(0x0123456789abcdef, 7, GateUse::kUser),
            (DescriptorPair{0x89abee070008cdef, 0x0000000001234567}));
}

TEST(Descriptors, Segments) {
  constexpr uint64_t kPresent = uint64_t{1} << 47;
  constexpr uint64_t kCode = uint64_t{1} << 43;
  constexpr uint64_t kLong = uint64_t{1} << 53;
  constexpr uint64_t kAccessed = uint64_t{1} << 40;
  EXPECT_EQ(kKernelCodeSegment & (kPresent | kCode | kLong | kAccessed),
            kPresent | kCode | kLong | kAccessed);
  EXPECT_EQ(kKernelDataSegment & (kPresent | kCode | kLong | kAccessed), kPresent | kAccessed);
  constexpr uint64_t kPrivilege = uint64_t{3} << 45;
  EXPECT_EQ(kUserCodeSegment, kKernelCodeSegment | kPrivilege);
  EXPECT_EQ(kUserDataSegment, kKernelDataSegment | kPrivilege);
}

// SDM vol. 3A 5.8.8: bits 47:32 are SYSCALL's code selector, 63:48 what SYSRET counts from.
TEST(Descriptors, SystemCallSelectors) { EXPECT_EQ(kSystemCallSelectors, 0x0023'0008'0000'0000u); }

}  // namespace
}  // namespace arch::x86_64
