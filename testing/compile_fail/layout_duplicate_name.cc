#include "testing/compile_fail/sample_layout.h"

namespace {

constexpr auto kRows = sample::With([](sample::Rows& rows) { rows[3].name = rows[0].name; });
static_assert(mm::IsSound(sample::LayoutOf(kRows)));

}  // namespace
