// Zeroing and copying whole pages, in a kernel: with what its processor has for it.
#pragma once

#include "arch/ops/whole_page.h"

namespace base {

using arch::CopyWholePage;
using arch::kWholePageBytes;
using arch::ZeroWholePage;

}  // namespace base
