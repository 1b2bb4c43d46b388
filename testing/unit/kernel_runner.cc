#include "testing/unit/kernel_runner.h"

#include <array>
#include <cstddef>
#include <span>

#include "kernel/base/check.h"
#include "kernel/base/print.h"
#include "kernel/base/print_format.h"

// The linker puts these around a section whose name is a C identifier. Weak: a kernel may have no
// test at all.
extern "C" {
[[gnu::weak]] extern const unit::TestRecord __start_atlas_tests[];
[[gnu::weak]] extern const unit::TestRecord __stop_atlas_tests[];
}

namespace unit {
namespace {

// The run in progress. A TEST's body takes no argument, so its failures find the run here.
struct Run {
  base::Sink* sink = nullptr;
  int failures_of_test = 0;
  bool has_remark = false;
};

constinit Run current_run;

std::span<const TestRecord> AllTests() {
  return {__start_atlas_tests, static_cast<size_t>(__stop_atlas_tests - __start_atlas_tests)};
}

}  // namespace

void BeginFailure(const Failure& failure) {
  CHECK(current_run.sink != nullptr);
  ++current_run.failures_of_test;
  current_run.has_remark = false;
  base::Print(*current_run.sink, "# {}:{}: {}: ", failure.file, failure.line, failure.text);
  base::PrintArguments(*current_run.sink, "{} and {}", std::array{failure.left, failure.right});
}

void AddToFailure(base::FormatArgument piece) {
  if (!current_run.has_remark) current_run.sink->Write("; ");
  current_run.has_remark = true;
  base::PrintArguments(*current_run.sink, "{}", std::array{piece});
}

void EndFailure() { current_run.sink->Write("\n"); }

int RunAllTests(base::Sink& sink) {
  const std::span<const TestRecord> tests = AllTests();
  base::Print(sink, "KTAP version 1\n1..{}\n", tests.size());
  int failed = 0;
  size_t number = 0;
  for (const TestRecord& test : tests) {
    current_run = {.sink = &sink};
    test.body();
    const bool good = current_run.failures_of_test == 0;
    if (!good) ++failed;
    base::Print(sink, "{} {} - {}.{}\n", good ? "ok" : "not ok", ++number, test.suite, test.name);
  }
  current_run = {};
  return failed;
}

}  // namespace unit
