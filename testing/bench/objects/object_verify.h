// The check that every allocator of objects passes before it is timed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "testing/bench/objects/object_jobs.h"

namespace bench {

// The blocks that are live, each filled with a byte of its own.
class LiveBlocks {
 public:
  // What is wrong with a new block, or nothing.
  std::optional<std::string> Add(void* base, size_t bytes) {
    constexpr uintptr_t kAlignment = 16;
    if (base == nullptr) return "out of memory";
    const auto start = reinterpret_cast<uintptr_t>(base);
    if (start % kAlignment != 0) return "an object is not aligned";
    const auto after = live_.lower_bound(start);
    if (after != live_.end() && start + bytes > after->first) return "objects overlap";
    if (after != live_.begin()) {
      const auto& [before_start, before] = *std::prev(after);
      if (before_start + before.bytes > start) return "objects overlap";
    }
    const auto mark = static_cast<unsigned char>(next_mark_++);
    live_[start] = {bytes, mark};
    std::memset(base, mark, bytes);
    return std::nullopt;
  }

  std::optional<std::string> Remove(void* base) {
    const auto found = live_.find(reinterpret_cast<uintptr_t>(base));
    const auto* const bytes = static_cast<const unsigned char*>(base);
    for (size_t i = 0; i < found->second.bytes; ++i) {
      if (bytes[i] != found->second.mark) return "an object lost its contents";
    }
    live_.erase(found);
    return std::nullopt;
  }

 private:
  struct Block {
    size_t bytes;
    unsigned char mark;
  };
  std::map<uintptr_t, Block> live_;
  unsigned next_mark_ = 1;
};

// `allocate(objects, bytes)`, for sizes from `smallest` to `largest`.
template <class Objects, class Allocate>
std::optional<std::string> VerifyObjects(size_t smallest, size_t largest, Allocate allocate) {
  constexpr size_t kLive = 5'000;
  constexpr size_t kSteps = 40'000;
  std::mt19937_64 random(kObjectSeed);
  Objects objects(smallest);
  LiveBlocks live;
  std::vector<void*> held;
  for (size_t step = 0; step < kSteps; ++step) {
    // Grows, shrinks and grows again.
    const size_t aim = step / kLive % 2 == 0 ? kLive : kLive / 8;
    const bool grow = held.size() < aim || (held.size() == aim && random() % 2 == 0);
    if (grow) {
      const size_t bytes = smallest + random() % (largest - smallest + 1);
      held.push_back(allocate(objects, bytes));
      if (auto wrong = live.Add(held.back(), bytes)) return wrong;
    } else {
      std::swap(held[random() % held.size()], held.back());
      if (auto wrong = live.Remove(held.back())) return wrong;
      objects.Free(held.back());
      held.pop_back();
    }
  }
  for (void* const object : held) {
    if (auto wrong = live.Remove(object)) return wrong;
    objects.Free(object);
  }
  return std::nullopt;
}

}  // namespace bench
