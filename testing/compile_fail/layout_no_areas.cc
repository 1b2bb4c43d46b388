#include "testing/compile_fail/sample_layout.h"

namespace {

constexpr auto kRows = sample::With([](sample::Rows& rows) {
  rows[2] = rows[1];
  rows[2].range.base = {0x7000'0000};
});
static_assert(mm::IsSound(sample::LayoutOf(kRows)));

}  // namespace
