#include "testing/compile_fail/sample_layout.h"

namespace {

static_assert(mm::IsSound(sample::LayoutWith([](mm::Layout& layout) {
  layout.regions = layout.regions.first(3);
})));

}  // namespace
