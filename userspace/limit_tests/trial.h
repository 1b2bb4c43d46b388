#pragma once

#include <cstddef>
#include <cstdint>

namespace limits {

inline constexpr size_t kPage = 4096;

// What becomes of a process that takes all there is of something: it is told so and returns 0, or
// is ended by the first access for which there is no memory.
enum class End : uint8_t { kTold, kToldOrKilled };

// Runs take() in processes of its own, one after the other, and expects that end, that a
// bystander's memory and life go on, that afterwards there are as many threads as before, and that
// nothing of it stays in use. Somebody else holds all memory but `left_kib` meanwhile, so that it
// does not take as long.
inline constexpr int64_t kEnoughKib = 8 << 10;
void ExpectGivenBack(int (*take)(), End end, int64_t left_kib = kEnoughKib);

// Takes memory until no more than so much is free. For what is counted in small pieces.
void LeaveFree(int64_t kib);

}  // namespace limits
