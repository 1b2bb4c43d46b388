#include "kernel/mm/facts/address.h"

namespace {

[[maybe_unused]] constexpr mm::PhysAddr kFrame = 0x1000;

}  // namespace
