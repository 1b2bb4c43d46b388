#include "kernel/mm/facts/address.h"

namespace {

[[maybe_unused]] constexpr mm::VirtAddr kBeyond =
    mm::VirtAddr{0xFFFF'FFFF'FFFF'F000} + mm::kPageSize;

}  // namespace
