// A C program on musl: 64-bit division and a little of the C library.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  const uint64_t limit = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000000ULL;
  printf("counted %" PRIu64 " thousands\n", limit / 1000);
  return 0;
}
