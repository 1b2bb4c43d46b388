#include "kernel/ipc/id_table.h"

#include <cstdint>

#include "testing/unit/test.h"

namespace ipc {
namespace {

using Table = IdTable<int, 3>;

TEST(IdTable, FindsByKeyAndNumber) {
  Table table;
  int one = 1;
  int two = 2;
  const auto first = table.Add(77, &one);
  const auto second = table.Add(Table::kPrivateKey, &two);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(table.ScanForKey(77).value_or(-1), *first);
  EXPECT_FALSE(table.ScanForKey(78).has_value());
  EXPECT_FALSE(table.ScanForKey(Table::kPrivateKey).has_value());
  EXPECT_EQ(table.Find(*first), &one);
  EXPECT_EQ(table.Find(*second), &two);
  EXPECT_EQ(table.KeyOf(*first), 77);
}

TEST(IdTable, AnOldNumberNamesNothing) {
  Table table;
  int one = 1;
  const int32_t old = table.Add(5, &one).value_or(-1);
  table.Remove(old);
  EXPECT_EQ(table.Find(old), nullptr);
  EXPECT_FALSE(table.ScanForKey(5).has_value());
  const int32_t fresh = table.Add(5, &one).value_or(-1);
  EXPECT_NE(fresh, old);
  EXPECT_EQ(table.Find(old), nullptr);
  EXPECT_EQ(table.Find(fresh), &one);
}

TEST(IdTable, ForgetsAKeyAlone) {
  Table table;
  int one = 1;
  const int32_t id = table.Add(5, &one).value_or(-1);
  table.ForgetKey(id);
  EXPECT_FALSE(table.ScanForKey(5).has_value());
  EXPECT_EQ(table.Find(id), &one);
}

TEST(IdTable, NumbersThatWereNeverGiven) {
  Table table;
  int one = 1;
  for (const int32_t id : {-1, 0, 1, 2, 3, INT32_MAX, INT32_MIN})
    EXPECT_EQ(table.Find(id), nullptr);
  const int32_t id = table.Add(5, &one).value_or(-1);
  EXPECT_EQ(table.Find(id + 1), nullptr);
  EXPECT_EQ(table.Find(id + 3), nullptr);
  EXPECT_EQ(table.Find(-id - 1), nullptr);
}

TEST(IdTable, IsFull) {
  Table table;
  int one = 1;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(table.Add(Table::kPrivateKey, &one).has_value());
  EXPECT_FALSE(table.Add(Table::kPrivateKey, &one).has_value());
}

}  // namespace
}  // namespace ipc
