#include "testing/compile_fail/sample_layout.h"

namespace {

static_assert(mm::IsSound(sample::LayoutWith([](mm::Layout& layout) {
  layout.shape.page_bytes = 0x2000;
})));

}  // namespace
