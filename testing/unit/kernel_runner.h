// Runs the unit tests that are linked into a kernel and prints KTAP.
#pragma once

#include "kernel/base/print.h"
#include "kernel/base/print_format.h"

namespace unit {

// One TEST. The records stand side by side in the section "atlas_tests", constant from the start,
// so nothing has to run to collect them.
struct TestRecord {
  const char* suite;
  const char* name;
  void (*body)();
};

// What a failing EXPECT_* or ASSERT_* knows.
struct Failure {
  const char* file;
  int line;
  const char* text;  // the macro with its operands as written
  base::FormatArgument left;
  base::FormatArgument right;
};

// The line of one failure is written piece by piece. Only test.h calls these.
void BeginFailure(const Failure& failure);
void AddToFailure(base::FormatArgument piece);
void EndFailure();

// Prints "KTAP version 1", the plan and a line a test, each failure above the line of its test; and
// gives the number of tests that failed. One run at a time.
int RunAllTests(base::Sink& sink);

}  // namespace unit
