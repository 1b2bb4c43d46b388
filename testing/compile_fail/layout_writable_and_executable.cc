#include "testing/compile_fail/sample_layout.h"

namespace {

constexpr auto kRows = sample::With(
    [](sample::Rows& rows) { rows[0].user = mm::Access::kWrite | mm::Access::kExecute; });
static_assert(mm::IsSound(sample::LayoutOf(kRows)));

}  // namespace
