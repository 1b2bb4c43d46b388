#include "testing/compile_fail/sample_layout.h"

namespace {

static_assert(mm::IsSound(sample::LayoutWith([](mm::Layout& layout) {
  layout.direct_map_target = {0xF'FFFF'8000'1000};
})));

}  // namespace
