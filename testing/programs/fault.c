// Dies where no program's memory is, on any layout: null is code that can be read, or nothing. Some
// of its processes die before, of other bad accesses: one of each kind, and to several regions.
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

static uintptr_t Map(int protection, int flags) {
  return (uintptr_t)mmap(0, 1, protection, flags | MAP_ANONYMOUS, -1, 0);
}

static void ReadClosed(void) { (void)*(volatile char*)Map(PROT_NONE, MAP_PRIVATE); }
static void ExecuteData(void) { ((void (*)(void))Map(PROT_READ | PROT_WRITE, MAP_PRIVATE))(); }
static void WriteConstant(void) { Write(Map(PROT_READ, MAP_SHARED)); }

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
  InChild(ReadClosed);
  InChild(ExecuteData);
  InChild(WriteConstant);
  // Not constant, so that the compiler knows nothing about it.
  Write((uintptr_t)argc * 16);
  return 0;
}
