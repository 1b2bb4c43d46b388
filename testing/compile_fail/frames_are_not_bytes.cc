#include "kernel/mm/facts/address.h"

namespace {

[[maybe_unused]] constexpr mm::FrameNumber kFrame = mm::FrameNumber{1} + mm::kPageSize;

}  // namespace
