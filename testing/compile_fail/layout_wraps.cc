#include "testing/compile_fail/sample_layout.h"

namespace {

constexpr auto kRows = sample::With(
    [](sample::Rows& rows) { rows[3].range = {{0xFFFF'FFFF'8000'0000}, 0x8000'1000}; });
static_assert(mm::IsSound(sample::LayoutOf(kRows)));

}  // namespace
