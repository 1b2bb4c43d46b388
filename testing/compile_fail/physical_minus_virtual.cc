#include "kernel/mm/facts/address.h"

namespace {

[[maybe_unused]] constexpr uint64_t kBytes = mm::VirtAddr{0x2000} - mm::PhysAddr{0x1000};

}  // namespace
