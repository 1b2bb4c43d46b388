#include "kernel/mm/facts/address.h"

namespace {

constexpr mm::PhysAddr kFrame = {0x1000};
[[maybe_unused]] constexpr mm::VirtAddr kPage = kFrame;

}  // namespace
