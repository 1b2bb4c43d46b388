#include "testing/compile_fail/sample_layout.h"

namespace {

constexpr auto kRows = sample::With([](sample::Rows& rows) {
  rows[0] = rows[2];
  rows[0].name = "other";
  rows[0].range = {{0x1000}, 0x1000};
});
static_assert(mm::IsSound(sample::LayoutOf(kRows)));

}  // namespace
