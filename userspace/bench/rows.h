#pragma once

#include "userspace/bench/trial.h"

namespace bench {

// One operation of the table. `name` is what the runner (testing/bench/guest_table.sh) knows it by.
struct Row {
  const char* name;
  Figure (*measure)(Trial&);
};

// All rows, each at most once.
extern const Row kMemoryRows[];
extern const Row kProcessRows[];
extern const Row kMessageRows[];
extern const Row kSharedRows[];
extern const unsigned kMemoryRowCount;
extern const unsigned kProcessRowCount;
extern const unsigned kMessageRowCount;
extern const unsigned kSharedRowCount;

}  // namespace bench
