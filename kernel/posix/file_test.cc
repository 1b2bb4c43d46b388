#include "kernel/posix/file.h"

#include <array>
#include <cstring>

#include "kernel/posix/file_status.h"
#include "testing/unit/test.h"

namespace posix {
namespace {

TEST(File, ArmMovesFourOpenFlags) {
  struct Row {
    uint32_t arm;
    uint32_t generic;
  };
  constexpr Row kRows[] = {
      {00, 00},
      {040000, open_flag::kDirectory},
      {0100000, open_flag::kNoFollow},
      {0200000, open_flag::kDirect},
      {0400000, open_flag::kLargeFile},
      {040000 | 0400000 | 02000000 | 01, open_flag::kDirectory | open_flag::kLargeFile |
                                             open_flag::kCloseOnExec | open_flag::kWriteOnly},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(DecodeOpenFlags(Abi::kArm, row.arm), row.generic) << row.arm;
    EXPECT_EQ(EncodeOpenFlags(Abi::kArm, row.generic), row.arm) << row.arm;
    EXPECT_EQ(DecodeOpenFlags(Abi::kX86_64, row.generic), row.generic);
    EXPECT_EQ(EncodeOpenFlags(Abi::kX86_64, row.generic), row.generic);
  }
}

TEST(File, DeviceNumbersHaveTwelveAndTwentyBits) {
  struct Row {
    DeviceNumber device;
    uint32_t encoded;
  };
  constexpr Row kRows[] = {
      {{1, 3}, 0x103}, {{0, 0}, 0}, {{5, 0x12345}, 0x1230'0545}, {{0xfff, 0xfffff}, 0xffff'ffff}};
  for (const Row& row : kRows) {
    EXPECT_EQ(row.device.Encoded(), row.encoded);
    EXPECT_TRUE(DeviceNumber::Decode(row.encoded) == row.device);
  }
}

constexpr FileStatus kStatus = {
    .inode = 77,
    .type = FileType::kRegular,
    .permissions = 0644,
    .links = 2,
    .user = 1000,
    .group = 100,
    .containing_device = {0, 2},
    .device = {1, 3},
    .size_bytes = 0x1234,
    .allocated_bytes = 0x2000,
    .accessed = {100, 1},
    .modified = {200, 2},
    .changed = {300, 3},
};

// Little-endian on both architectures.
uint64_t NumberAt(const std::array<std::byte, kLargestStat>& bytes, size_t offset, size_t size) {
  uint64_t number = 0;
  std::memcpy(&number, bytes.data() + offset, size);
  return number;
}

struct Field {
  StatLayout layout;
  size_t offset;
  size_t size;
  uint64_t value;
};

// By hand from Linux's headers.
constexpr Field kFields[] = {
    {StatLayout::kX86_64, 0, 8, 2},                                             // st_dev
    {StatLayout::kX86_64, 8, 8, 77},                                            // st_ino
    {StatLayout::kX86_64, 16, 8, 2},                                            // st_nlink
    {StatLayout::kX86_64, 24, 4, 0100644}, {StatLayout::kX86_64, 28, 4, 1000},  // st_uid
    {StatLayout::kX86_64, 40, 8, 0x103},   {StatLayout::kX86_64, 48, 8, 0x1234},
    {StatLayout::kX86_64, 56, 8, 4096},    {StatLayout::kX86_64, 64, 8, 16},  // st_blocks
    {StatLayout::kX86_64, 88, 8, 200},                                        // st_mtime
    {StatLayout::kX86_64, 112, 8, 3},  // st_ctime's nanoseconds
    {StatLayout::kArm, 4, 4, 77},          {StatLayout::kArm, 8, 2, 0100644},
    {StatLayout::kArm, 10, 2, 2},          {StatLayout::kArm, 20, 4, 0x1234},
    {StatLayout::kArm, 28, 4, 16},         {StatLayout::kArm, 40, 4, 200},
    {StatLayout::kArm64, 12, 4, 77},       {StatLayout::kArm64, 16, 4, 0100644},
    {StatLayout::kArm64, 20, 4, 2},        {StatLayout::kArm64, 32, 8, 0x103},
    {StatLayout::kArm64, 48, 8, 0x1234},   {StatLayout::kArm64, 64, 8, 16},
    {StatLayout::kArm64, 80, 4, 200},      {StatLayout::kArm64, 96, 8, 77},
    {StatLayout::kStatx, 0, 4, 0x7ff},     {StatLayout::kStatx, 16, 4, 2},
    {StatLayout::kStatx, 28, 2, 0100644},  {StatLayout::kStatx, 32, 8, 77},
    {StatLayout::kStatx, 40, 8, 0x1234},   {StatLayout::kStatx, 64, 8, 100},
    {StatLayout::kStatx, 96, 8, 300},   // stx_ctime
    {StatLayout::kStatx, 112, 8, 200},  // stx_mtime
    {StatLayout::kStatx, 128, 4, 1},       {StatLayout::kStatx, 132, 4, 3},
};

TEST(FileStatus, FieldsLieWhereLinuxHasThem) {
  for (const Field& field : kFields) {
    std::array<std::byte, kLargestStat> buffer{};
    ASSERT_TRUE(EncodeStatus(kStatus, field.layout, buffer).has_value());
    EXPECT_EQ(NumberAt(buffer, field.offset, field.size), field.value)
        << static_cast<unsigned>(field.layout) << " " << field.offset;
  }
}

TEST(FileStatus, WhatDoesNotFitIsAnError) {
  std::array<std::byte, kLargestStat> buffer{};
  FileStatus large = kStatus;
  large.size_bytes = uint64_t{1} << 31;
  EXPECT_TRUE(EncodeStatus(large, StatLayout::kArm, buffer).error() == Errno::kOverflow);
  EXPECT_EQ(*EncodeStatus(large, StatLayout::kArm64, buffer), 104U);
  EXPECT_EQ(*EncodeStatus(large, StatLayout::kX86_64, buffer), 144U);
  FileStatus many = kStatus;
  many.inode = uint64_t{1} << 32;
  EXPECT_TRUE(EncodeStatus(many, StatLayout::kArm, buffer).error() == Errno::kOverflow);
  EXPECT_TRUE(EncodeStatus(many, StatLayout::kArm64, buffer).has_value());
}

}  // namespace
}  // namespace posix
