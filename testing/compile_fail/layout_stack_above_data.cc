#include "testing/compile_fail/sample_layout.h"

namespace {

constexpr auto kParts =
    sample::WithParts([](sample::Parts& parts) { parts[0].kernel = mm::Access::kReadWrite; });
static_assert(mm::IsSound(sample::LayoutOf(sample::kSoundRows, kParts)));

}  // namespace
