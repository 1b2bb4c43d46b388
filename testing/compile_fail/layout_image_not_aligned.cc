#include "testing/compile_fail/sample_layout.h"

namespace {

static_assert(mm::IsSound(sample::LayoutWith([](mm::Layout& layout) {
  layout.image_link_base = {0x8001'0010};
})));

}  // namespace
