#include "testing/bench/objects/program_objects.h"

#include "userspace/libatlas/program_heap.h"

namespace bench {

// As userspace/libatlas/malloc.cc has them: functions of another file.
void* ProgramObjects::Allocate(size_t bytes) {
  const auto block = libatlas::program_heap::heap.Allocate(libatlas::program_heap::Cache(), bytes);
  return block ? *block : nullptr;
}

void ProgramObjects::Free(void* object) { libatlas::program_heap::Free(object); }

}  // namespace bench
