#include "testing/compile_fail/sample_layout.h"

namespace {

constexpr auto kRows =
    sample::With([](sample::Rows& rows) { rows[0].range.size_bytes = 0x10'1000; });
static_assert(mm::IsSound(sample::LayoutOf(kRows)));

}  // namespace
