// The scheduler's part in host tests: there is one thread, and a test says what happens while it
// blocks.
#pragma once

#include <cstddef>
#include <functional>

#include "kernel/sched/block.h"
#include "kernel/sched/deadline.h"

namespace sched::host {

// Plays the rest of the world while it lives: `world` is called by each Block(), does what other
// threads would do meanwhile, and says how the wait ends. Without one, Block() fails a CHECK.
class WhileBlocked {
 public:
  explicit WhileBlocked(std::function<WaitResult(Deadline)> world);
  ~WhileBlocked();
  WhileBlocked(const WhileBlocked&) = delete;
  WhileBlocked& operator=(const WhileBlocked&) = delete;
};

// Calls of Wake() so far.
[[nodiscard]] size_t Wakes();

}  // namespace sched::host
