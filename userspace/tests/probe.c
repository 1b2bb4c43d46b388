#include "userspace/tests/probe.h"

int probe_constructed;
_Thread_local int probe_of_thread = 42;

// A pointer in data, which the loader relocates.
static int* const kConstructed = &probe_constructed;

__attribute__((constructor)) static void Construct(void) { probe_constructed = 1; }

int* ProbeAddress(void) { return kConstructed; }
int ProbeAnswer(void) { return 1; }
int ProbeAnswerThroughLibrary(void) { return ProbeAnswer(); }
