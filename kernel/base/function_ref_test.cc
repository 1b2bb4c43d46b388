#include "kernel/base/function_ref.h"

#include "testing/unit/test.h"

namespace {

int Twice(base::FunctionRef<int(int)> function, int value) { return function(function(value)); }

TEST(FunctionRef, Calls) {
  EXPECT_EQ(Twice([](int value) { return value * value; }, 3), 81);
}

TEST(FunctionRef, RefersToItsCallable) {
  int calls = 0;
  auto count = [&calls](int value) mutable {
    ++calls;
    return value + calls;
  };
  EXPECT_EQ(Twice(count, 10), 13);
  EXPECT_EQ(calls, 2);
}

TEST(FunctionRef, ConstCallable) {
  const auto negate = [](int value) { return -value; };
  EXPECT_EQ(Twice(negate, 5), 5);
}

TEST(FunctionRef, CopiesReferToTheSame) {
  int sum = 0;
  auto add = [&sum](int value) { sum += value; };
  const base::FunctionRef<void(int)> first = add;
  const base::FunctionRef<void(int)> second = first;
  first(1);
  second(2);
  EXPECT_EQ(sum, 3);
}

}  // namespace
