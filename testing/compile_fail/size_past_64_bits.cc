#include "kernel/base/units.h"

namespace {

using namespace base::literals;
[[maybe_unused]] uint64_t TooMuch() { return 16384_PiB; }

}  // namespace
