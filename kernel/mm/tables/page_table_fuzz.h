// Operations on a page table as a fuzzer's bytes choose them; see page_table_trial.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "gtest/gtest.h"
#include "kernel/mm/tables/page_table_trial.h"

namespace mm {

class ByteChoices {
 public:
  explicit ByteChoices(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  // Takes as many bytes as `limit` needs; 0 when they are used up.
  uint64_t Below(uint64_t limit) {
    uint64_t value = 0;
    for (uint64_t rest = limit - 1; rest > 0 && !bytes_.empty(); rest >>= 8) {
      value = value << 8 | bytes_.front();
      bytes_ = bytes_.subspan(1);
    }
    return value % limit;
  }

  [[nodiscard]] bool AreOver() const { return bytes_.empty(); }

 private:
  std::span<const uint8_t> bytes_;
};

// Stops the program at the first expectation that does not hold. One operation in four first fails
// each of its allocations.
template <class Machine>
void RunFuzzedPageTable(ByteChoices& choices) {
  using Trial = PageTableTrial<Machine, ByteChoices>;
  GTEST_FLAG_SET(break_on_failure, true);
  Trial trial(choices);
  while (!choices.AreOver()) {
    const bool fails = choices.Below(4) == 0;
    trial.Step(fails ? Trial::Allocations::kFailInTurn : Trial::Allocations::kSucceed);
  }
  trial.Finish();
}

}  // namespace mm
