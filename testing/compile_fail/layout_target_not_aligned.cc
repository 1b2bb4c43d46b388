#include "testing/compile_fail/sample_layout.h"

namespace {

static_assert(mm::IsSound(sample::LayoutWith([](mm::Layout& layout) {
  layout.direct_map_target = {0x800};
})));

}  // namespace
