// Dies where no program's memory is, on any layout: null is code that can be read, or nothing. Two
// of its processes die before, of other bad accesses.
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void Write(uintptr_t address) {
  volatile char* const place = (volatile char*)address;
  *place = 1;
}

// Behind the end of what is mapped.
static void WriteToEmptyFile(void) {
  const int file = memfd_create("empty", 0);
  Write((uintptr_t)mmap(0, 1, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
}

// 64-bit processors have no such address; it is the last one of others.
static void WriteNowhere(void) { Write(UINTPTR_MAX >> (UINTPTR_MAX > UINT32_MAX)); }

static void InChild(void (*die)(void)) {
  const pid_t child = fork();
  if (child == 0) {
    die();
    _exit(0);
  }
  waitpid(child, 0, 0);
}

int main(int argc, char** argv) {
  (void)argv;
  InChild(WriteToEmptyFile);
  InChild(WriteNowhere);
  // Not constant, so that the compiler knows nothing about it.
  Write((uintptr_t)argc * 16);
  return 0;
}
