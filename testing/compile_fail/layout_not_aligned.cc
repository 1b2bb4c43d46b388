#include "testing/compile_fail/sample_layout.h"

namespace {

constexpr auto kRows = sample::With([](sample::Rows& rows) { rows[0].range.base = {0x10'0001}; });
static_assert(mm::IsSound(sample::LayoutOf(kRows)));

}  // namespace
