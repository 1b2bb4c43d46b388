// In a program that shares its C library with others, that one only knows the functions that
// everybody does.
#include <pthread.h>

#include "userspace/libatlas/program_heap.h"

namespace libatlas::program_heap {
namespace {

// Before whoever the program lets register handlers: those that use the heap run around these.
[[gnu::constructor]] void WatchForks() { pthread_atfork(BeforeFork, AfterFork, AfterFork); }

}  // namespace
}  // namespace libatlas::program_heap
