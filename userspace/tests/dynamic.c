// A program that musl's dynamic loader starts: a shared library, thread-local data, and a library
// opened by name.
//
//   dynamic [libraries=FIRST-LAST]
//
// With an argument also whether all libraries, the loader among them, are between those addresses.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "userspace/tests/probe.h"

enum { kOwnAnswer = 7, kThreadValue = 1000 };

// Takes the place of the library's.
int ProbeAnswer(void) { return kOwnAnswer; }

static int Constructed(void) { return probe_constructed == 1; }
static int OneVariable(void) { return ProbeAddress() == &probe_constructed; }
static int Interposed(void) { return ProbeAnswerThroughLibrary() == kOwnAnswer; }

static void* ChangeOwn(void* unused) {
  (void)unused;
  const int was = probe_of_thread;
  probe_of_thread = kThreadValue;
  return was == 42 && probe_of_thread == kThreadValue ? &probe_constructed : NULL;
}

static int OneForEachThread(void) {
  pthread_t thread;
  void* result = NULL;
  if (pthread_create(&thread, NULL, ChangeOwn, NULL) != 0 || pthread_join(thread, &result) != 0)
    return 0;
  return result != NULL && probe_of_thread == 42;
}

static int OpenedByName(void) {
  void* library = dlopen("libextra.so", RTLD_NOW);
  if (library == NULL) return 0;
  int (*sum)(void) = (int (*)(void))dlsym(library, "ExtraSum");
  return sum != NULL && sum() == kOwnAnswer && sum() == kOwnAnswer + 1 && dlclose(library) == 0;
}

static int NotThere(void) { return dlopen("libnowhere.so", RTLD_NOW) == NULL && dlerror() != NULL; }

static uintmax_t first_library;
static uintmax_t last_library;

// Of the objects behind the first, which is the program.
struct Objects {
  int seen;
  int libraries_inside;
};

static int CountObject(struct dl_phdr_info* object, size_t size_bytes, void* data) {
  (void)size_bytes;
  struct Objects* const objects = data;
  const uintmax_t base = object->dlpi_addr;
  const int inside = base >= first_library && base <= last_library;
  printf("# %s at %#jx\n", object->dlpi_name, base);
  objects->libraries_inside += objects->seen != 0 && inside;
  ++objects->seen;
  return 0;
}

static int InTheirRegion(void) {
  struct Objects objects = {0, 0};
  dl_iterate_phdr(CountObject, &objects);
  return objects.seen > 2 && objects.libraries_inside == objects.seen - 1;
}

static const struct {
  const char* name;
  int (*passes)(void);
} kTests[] = {
    {"the constructor of a library", Constructed},
    {"one variable for program and library", OneVariable},
    {"a function in place of the library's", Interposed},
    {"a variable for each thread", OneForEachThread},
    {"a library opened by name", OpenedByName},
    {"a library that is not there", NotThere},
    // Only with the argument.
    {"libraries where the layout has them", InTheirRegion},
};

int main(int argc, char** argv) {
  const char* const argument = argc > 1 ? argv[1] : NULL;
  if (argument != NULL &&
      sscanf(argument, "libraries=%jx-%jx", &first_library, &last_library) != 2) {
    fprintf(stderr, "usage: dynamic [libraries=FIRST-LAST]\n");
    return EXIT_FAILURE;
  }
  const int all = sizeof(kTests) / sizeof(kTests[0]);
  const int count = argument != NULL ? all : all - 1;
  int failures = 0;
  printf("KTAP version 1\n1..%d\n", count);
  for (int index = 0; index < count; ++index) {
    const int passed = kTests[index].passes();
    failures += !passed;
    printf("%sok %d - %s\n", passed ? "" : "not ", index + 1, kTests[index].name);
  }
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
