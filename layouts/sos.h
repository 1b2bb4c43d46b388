// sos, for ARMv7-A: half the 32-bit space for the process (TTBR0), half for the kernel (TTBR1), and
// all RAM in one direct map.
#pragma once

#include <array>
#include <cstdint>

#include "kernel/base/check.h"
#include "kernel/base/units.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/layout_fault.h"
#include "kernel/mm/facts/range.h"

namespace layouts::sos {

using namespace base::literals;  // NOLINT(google-build-using-namespace): units of the table

inline constexpr mm::HardwareShape kShape = {
    .address_bits = 32,
    .extension = mm::HardwareShape::Extension::kZero,
    .page_bytes = mm::kPageSize,
};

inline constexpr mm::VirtAddr kDirectBase = {0x8000'0000};

// QEMU's "virt" machine has its RAM here and starts a raw image 64 KiB above.
inline constexpr mm::PhysAddr kRamBase = {0x4000'0000};
inline constexpr uint64_t kImageOffset = 64_KiB;

inline constexpr auto kRegions = std::to_array<mm::Region>({
    {.name = "unused",
     .range = mm::FromFirstToLast(mm::VirtAddr{0}, mm::VirtAddr{0x3FFF'FFFF}),
     .user = mm::Access::kNone,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kProcess,
     .service = mm::Service::kUnused,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "holds no mapping, so that null and everything near it faults"},
    {.name = "user",
     .range = mm::FromFirstToLast(mm::VirtAddr{0x4000'0000}, mm::VirtAddr{0x7FDF'FFFF}),
     .user = mm::Access::kImage,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kDevice,
     .scope = mm::Scope::kProcess,
     .service = mm::Service::kProgram,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kBelow,
     .why = "the process: program from the bottom, stack at the top; TTBR0 walks up to 2 GiB, the "
            "only even split that TTBCR.N offers; in the system process also device registers"},
    {.name = "tcb",
     .range = mm::FromFirstToLast(mm::VirtAddr{0x7FE0'0000}, mm::VirtAddr{0x7FE0'0FFF}),
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kThread,
     .service = mm::Service::kThreadControl,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "control block of a native thread, closed to user mode; above the stack, so that the "
            "program stays at the bottom"},
    {.name = "mq",
     .range = mm::FromFirstToLast(mm::VirtAddr{0x7FE0'1000}, mm::VirtAddr{0x7FFF'FFFF}),
     .user = mm::Access::kRead,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kThread,
     .service = mm::Service::kMessageQueue,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "message queue of a native thread, which reads it; the kernel is its only writer"},
    {.name = "direct",
     .range = mm::FromFirstToLast(kDirectBase, mm::VirtAddr{0xFF7F'FFFF}),
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite | mm::Access::kImage,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kDirectMap,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "all RAM in 1 MiB sections, at most 2040 MiB, with the kernel image inside: converting "
            "an address is one addition"},
    {.name = "vmalloc",
     .range = mm::FromFirstToLast(mm::VirtAddr{0xFF80'0000}, mm::VirtAddr{0xFFFF'FFFF}),
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kDevice,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kVmalloc,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kAround,
     .why = "8 MiB of small pages for what the direct map cannot show: devices and windows"},
});

inline constexpr mm::Layout kLayout = {
    .name = "sos",
    .shape = kShape,
    .regions = kRegions,
    .promised_ram_bytes = 2040_MiB,
    .direct_map_target = kRamBase,
    .image_link_base = kDirectBase + kImageOffset,
    .image_load_base = kRamBase + kImageOffset,
};

static_assert(mm::IsSound(kLayout));

inline constexpr std::array<const mm::Layout*, 1> kLayouts = {&kLayout};

// Short descriptors always have two levels of tables.
inline constexpr unsigned kLevels = 2;

// The table for a machine that walks `levels` levels of page tables.
[[nodiscard]] constexpr const mm::Layout& ForHardware(unsigned levels) {
  CHECK(levels == kLevels);
  return kLayout;
}

}  // namespace layouts::sos
