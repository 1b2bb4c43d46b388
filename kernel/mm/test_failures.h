// Allocations that fail on demand, and every single one of an operation in its turn: for tests.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernel/base/result.h"

namespace mm {

// Where a test's allocator asks whether it has to fail. Not locked.
class FailurePoint {
 public:
  // The `n`-th allocation from now on fails, counted from 1, once.
  void FailAllocation(unsigned n) {
    left_ = n;
    has_failed_ = false;
  }
  // The next `n` allocations work, all after them fail: memory has ended.
  void FailAfter(unsigned n) {
    FailAllocation(n + 1);
    ends_ = true;
  }
  void FailNothing() {
    FailAllocation(0);
    ends_ = false;
  }

  // For the allocator, once for each allocation: whether it must fail.
  [[nodiscard]] bool MustFail() {
    if (left_ == 0) return false;
    if (left_ == 1) {
      has_failed_ = true;
      if (!ends_) left_ = 0;
      return true;
    }
    --left_;
    return false;
  }

  // Whether the allocation that was to fail has been asked for.
  [[nodiscard]] bool has_failed() const { return has_failed_; }

 private:
  unsigned left_ = 0;  // until one fails; 0: none does
  bool ends_ = false;
  bool has_failed_ = false;
};

// How FailEachAllocation() ended.
struct FailureRun {
  unsigned failed = 0;     // allocations that failed, one in each run of the operation
  std::string_view fault;  // empty: all is well
};

// Runs `operation` with its 1st, 2nd, 3rd, … allocation failing, until it works because it asks for
// no more. `source` is what it allocates from: a FailurePoint or something that has its functions.
//
//   const FailureRun run = FailEachAllocation(
//       pages, [&] { return index.Insert(range); },
//       [&] { return index.CheckInvariants().has_value() && pages.pages_in_use() == before; });
//   EXPECT_EQ(run.fault, "") << run.failed;
//   EXPECT_GT(run.failed, 0);
//
// `operation` returns a Result; `unchanged` says after each failure whether all is as before.
// An operation that can do without some allocation brings `undo`, which takes back its success.
template <class Source, class Operation, class Unchanged, class Undo>
[[nodiscard]] FailureRun FailEachAllocation(Source& source, Operation operation,
                                            Unchanged unchanged, Undo undo) {
  constexpr unsigned kMostAllocations = 1'000'000;
  FailureRun run;
  for (unsigned n = 1; n < kMostAllocations; ++n) {
    source.FailAllocation(n);
    const auto result = operation();
    const bool failed = source.has_failed();
    source.FailNothing();
    if (!failed) {
      if (!result.has_value()) run.fault = "fails although every allocation works";
      return run;
    }
    run.failed = n;
    if (!result.has_value() && result.error() != base::Error::kOutOfMemory) {
      run.fault = "fails with another error than \"out of memory\"";
    } else if (result.has_value() && !undo()) {
      run.fault = "works although an allocation fails";
    } else if (!unchanged()) {
      run.fault = "fails and leaves something changed";
    }
    if (!run.fault.empty()) return run;
  }
  run.fault = "allocates without end";
  return run;
}

template <class Source, class Operation, class Unchanged>
[[nodiscard]] FailureRun FailEachAllocation(Source& source, Operation operation,
                                            Unchanged unchanged) {
  return FailEachAllocation(source, operation, unchanged, [] { return false; });
}

}  // namespace mm
