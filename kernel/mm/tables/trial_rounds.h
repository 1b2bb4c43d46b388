// Random trials, one after the other, of what lives in an arena and is checked with a model after
// each step. Test support; runs in kernels too.
#pragma once

#include <cstddef>
#include <new>

namespace mm {

struct TrialRounds {
  int trials;
  int steps;  // of each
};

struct TrialResult {
  bool is_sound = true;  // after each step and at its end, with nothing left in the arena
  int trial = 0;         // the first one that was not, or how many there were
  int step = 0;
  size_t failures = 0;  // allocations that failed: tables are few, so that some do
};

// Many short trials find more than a long one. `make(arena)` returns one, whose Step(), IsSound(),
// failures() and Finish() are called. `place` is constructed anew for each.
template <class Arena, class Make>
[[nodiscard]] TrialResult RunTrials(Arena& place, const TrialRounds& rounds, Make&& make) {
  TrialResult result;
  for (; result.trial < rounds.trials; ++result.trial) {
    Arena& arena = *new (&place) Arena;
    {
      auto trial = make(arena);
      result.is_sound = trial.IsSound();
      for (result.step = 0; result.is_sound && result.step < rounds.steps; ++result.step) {
        trial.Step();
        result.is_sound = trial.IsSound();
      }
      if (!result.is_sound) return result;
      result.failures += trial.failures();
      trial.Finish();
      result.is_sound = trial.IsSound();
    }
    result.is_sound = result.is_sound && arena.taken_slots() == 0;
    if (!result.is_sound) return result;
  }
  return result;
}

}  // namespace mm
