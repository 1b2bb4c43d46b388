#pragma once

#include <cstdint>
#include <source_location>
#include <span>

namespace support {

// Tests of a kernel that run under it, as KTAP. Each of them is a process of its own: what it maps,
// breaks or ends is its own affair, and the next one begins fresh. A function of tests says what it
// expects and goes on; the test fails if any expectation did.

using Where = std::source_location;

void Expect(bool holds, const char* what, Where where = Where::current());
void ExpectEqual(int64_t found, int64_t wanted, const char* what, Where where = Where::current());
// Of a raw system call's result: that it is the failure `error`, or none for 0.
void ExpectResult(long result, int error, const char* what, Where where = Where::current());
// What a call of the C library returned, as a raw one would.
[[nodiscard]] long Raw(long returned);
// Expectations that the rest of the test cannot do without: the test ends here if they fail.
void Require(bool holds, const char* what, Where where = Where::current());

struct Test {
  const char* name;
  void (*run)();
};

// Runs the tests whose names contain TEXT for one of the arguments `test=TEXT`, or all of them, and
// returns how the program ends: 0 if all passed. As the first process of a machine it switches the
// machine off instead.
int RunTests(int argc, char** argv, std::span<const std::span<const Test>> groups);

// The program itself, to be executed again.
const char* ProgramPath();

// A directory in which tests make files.
const char* Directory();

}  // namespace support
