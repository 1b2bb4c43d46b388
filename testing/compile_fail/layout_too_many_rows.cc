#include <array>
#include <cstddef>

#include "testing/compile_fail/sample_layout.h"

namespace {

consteval auto ManyRows() {
  std::array<mm::Region, mm::kMaximumRegions + 1> rows;
  for (size_t row = 0; row < rows.size(); ++row) {
    rows[row] = sample::kSoundRows[1];
    rows[row].range = {{row * mm::kPageSize}, mm::kPageSize};
  }
  return rows;
}

constexpr auto kRows = ManyRows();
static_assert(mm::IsSound(sample::LayoutWith([](mm::Layout& layout) { layout.regions = kRows; })));

}  // namespace
