#include "kernel/process/futex_operation.h"

#include <cstdint>

#include "testing/unit/test.h"

namespace process {
namespace {

constexpr uint32_t Packed(uint32_t operation, uint32_t comparison, int32_t operand,
                          int32_t compared_with) {
  return operation << 28 | comparison << 24 | (static_cast<uint32_t>(operand) & 0xfff) << 12 |
         (static_cast<uint32_t>(compared_with) & 0xfff);
}

TEST(FutexOperation, ChangesAWord) {
  struct Row {
    uint32_t operation;
    int32_t operand;
    uint32_t before;
    uint32_t after;
  };
  constexpr uint32_t kShift = 8;  // the operand is a bit's number
  constexpr Row kRows[] = {{0, 5, 9, 5},
                           {0, -1, 9, 0xffff'ffff},
                           {1, 5, 9, 14},
                           {1, -3, 9, 6},
                           {2, 0x6, 0x9, 0xf},
                           {3, 0x8, 0x9, 0x1},
                           {4, 0xc, 0x9, 0x5},
                           {kShift | 2, 31, 1, 1U << 31 | 1},
                           {kShift | 3, 3, 0x9, 0x1},
                           {kShift | 1, 4, 1, 17}};
  for (const Row& row : kRows) {
    const auto operation = FutexOperation::Decode(Packed(row.operation, 0, row.operand, 0));
    ASSERT_TRUE(operation.has_value());
    EXPECT_EQ(operation->Apply(row.before), row.after) << row.operation;
  }
}

TEST(FutexOperation, ComparesWithASign) {
  struct Row {
    uint32_t comparison;
    int32_t with;
    uint32_t word;
    bool holds;
  };
  constexpr uint32_t kMinusOne = 0xffff'ffff;
  constexpr Row kRows[] = {{0, 7, 7, true},
                           {0, 7, 8, false},
                           {0, -1, kMinusOne, true},
                           {1, 7, 8, true},
                           {1, 7, 7, false},
                           {2, 0, kMinusOne, true},
                           {2, 7, 7, false},
                           {3, 7, 7, true},
                           {4, -1, 0, true},
                           {4, 7, 7, false},
                           {5, 7, 7, true},
                           {5, 0, kMinusOne, false},
                           {5, -2048, kMinusOne, true}};
  for (const Row& row : kRows) {
    const auto operation = FutexOperation::Decode(Packed(0, row.comparison, 0, row.with));
    ASSERT_TRUE(operation.has_value());
    EXPECT_EQ(operation->Holds(row.word), row.holds) << row.comparison;
  }
}

TEST(FutexOperation, KnowsNoOthers) {
  for (const uint32_t operation : {5, 6, 7}) {
    EXPECT_FALSE(FutexOperation::Decode(Packed(operation, 0, 0, 0)).has_value());
  }
  for (const uint32_t comparison : {6, 15}) {
    EXPECT_FALSE(FutexOperation::Decode(Packed(0, comparison, 0, 0)).has_value());
  }
}

}  // namespace
}  // namespace process
