#include "testing/compile_fail/sample_layout.h"

namespace {

constexpr auto kParts =
    sample::WithParts([](sample::Parts& parts) { parts[2].user = mm::Access::kRead; });
static_assert(mm::IsSound(sample::LayoutOf(sample::kSoundRows, kParts)));

}  // namespace
