// Global shared memory, which only Atlas has.

#include <cerrno>

#include "userspace/bench/rows.h"
#include "userspace/libatlas/shared/smalloc.h"

namespace bench {
namespace {

Figure SmallPair(Trial& trial) {
  constexpr size_t kBytes = 64;
  void* const other = smalloc(kBytes);
  if (other == nullptr) {
    trial.Fail("smalloc", ENOSYS);
    return std::nullopt;
  }
  const Figure figure = trial.Average(10000, [] {
    void* const block = smalloc(kBytes);
    sfree(block);
    return block != nullptr;
  });
  sfree(other);
  return figure;
}

}  // namespace

const Row kSharedRows[] = {
    {"smalloc_sfree", SmallPair},
};
const unsigned kSharedRowCount = sizeof kSharedRows / sizeof kSharedRows[0];

}  // namespace bench
