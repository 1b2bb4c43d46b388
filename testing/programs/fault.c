// Writes where no program's memory is, on any layout: null is code that can be read, or nothing.
#include <stdint.h>

int main(int argc, char** argv) {
  (void)argv;
  // Not constant, so that the compiler knows nothing about it.
  volatile int* const place = (volatile int*)(uintptr_t)(argc * 16);
  *place = 1;
  return 0;
}
