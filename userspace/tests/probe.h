// The shared library that the test of the dynamic loader is linked with.

#ifndef USERSPACE_TESTS_PROBE_H_
#define USERSPACE_TESTS_PROBE_H_

// Set before main by the library's constructor.
extern int probe_constructed;
// A variable of each thread, 42 at first.
extern _Thread_local int probe_of_thread;
// The address of probe_constructed as the library sees it.
int* ProbeAddress(void);
// What the program calls its own ProbeAnswer, as it comes before the library's.
int ProbeAnswerThroughLibrary(void);
int ProbeAnswer(void);

#endif  // USERSPACE_TESTS_PROBE_H_
