// The shared library that the test of the dynamic loader opens by name.

#include "userspace/tests/probe.h"

// Larger than a few pages, so that the zeroes after the file's data are pages of their own.
enum { kZeroBytes = 5 * 4096 };
static char zeroes[kZeroBytes];

int ExtraSum(void);

int ExtraSum(void) {
  int sum = ProbeAnswer();
  for (int index = 0; index < kZeroBytes; ++index) sum += zeroes[index];
  zeroes[kZeroBytes - 1] = 1;
  return sum;
}
