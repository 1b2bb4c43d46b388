#include "testing/compile_fail/sample_layout.h"

namespace {

constexpr auto kRows =
    sample::With([](sample::Rows& rows) { rows[2].caching = mm::Caching::kNormal; });
static_assert(mm::IsSound(sample::LayoutOf(kRows)));

}  // namespace
