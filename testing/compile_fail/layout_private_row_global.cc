#include "testing/compile_fail/sample_layout.h"

namespace {

constexpr auto kRows = sample::With([](sample::Rows& rows) { rows[0].scope = mm::Scope::kGlobal; });
static_assert(mm::IsSound(sample::LayoutOf(kRows)));

}  // namespace
