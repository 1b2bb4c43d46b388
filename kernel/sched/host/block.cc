#include "kernel/sched/host/block.h"

#include <utility>

#include "kernel/base/check.h"

namespace sched {

// Opaque to wait queues; the host has but one.
class Thread {};

namespace host {
namespace {

Thread only_thread;
std::function<WaitResult(Deadline)> what_happens;
size_t wakes = 0;

}  // namespace

WhileBlocked::WhileBlocked(std::function<WaitResult(Deadline)> world) {
  what_happens = std::move(world);
}
WhileBlocked::~WhileBlocked() { what_happens = nullptr; }

size_t Wakes() { return wakes; }

}  // namespace host

Thread& Current() { return host::only_thread; }

WaitResult Block(Deadline deadline, Interruption) {
  CHECK(host::what_happens != nullptr);
  return host::what_happens(deadline);
}

void Wake(Thread&) { ++host::wakes; }

}  // namespace sched
