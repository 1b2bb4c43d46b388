// islet, for x86_64 with four levels of page tables: a layout of nobody's, to show what one takes.
// The kernel's regions are far apart in the middle of the upper half, its devices below its code,
// and its direct map is so small that most memory is reached through windows.
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

namespace layouts::islet {

using namespace base::literals;  // NOLINT(google-build-using-namespace): units of the table

inline constexpr mm::HardwareShape kShape = {
    .address_bits = 48,
    .extension = mm::HardwareShape::Extension::kSign,
    .page_bytes = mm::kPageSize,
};

inline constexpr mm::VirtAddr kThread = {64_GiB};
inline constexpr mm::VirtAddr kKernel = {0xFFFF'C000'0000'0000};
inline constexpr mm::VirtAddr kImage = kKernel + 1_TiB;
inline constexpr mm::VirtAddr kDirect = kKernel + 3_TiB;
inline constexpr uint64_t kDirectBytes = 48_MiB;
inline constexpr uint64_t kImageOffset = 1_MiB;

inline constexpr auto kRegions = std::to_array<mm::Region>({
    {.name = "shore",
     .range = {{0}, 1_GiB},
     .user = mm::Access::kNone,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kProcess,
     .service = mm::Service::kUnused,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "holds no mapping, so that null faults, and a 30-bit number is no pointer"},
    {.name = "huts",
     .range = {{1_GiB}, 63_GiB},
     .user = mm::Access::kImage,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kDevice,
     .scope = mm::Scope::kProcess,
     .service = mm::Service::kProgram,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kBelow,
     .why = "the process, all of it: one entry of the root's first table"},
    {.name = "nest",
     .range = {kThread, mm::kPageSize},
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kThread,
     .service = mm::Service::kThreadControl,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "control block of a native thread, right above the process"},
    {.name = "bottle",
     .range = {kThread + mm::kPageSize, 2_MiB - mm::kPageSize},
     .user = mm::Access::kRead,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kThread,
     .service = mm::Service::kMessageQueue,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "messages to a native thread, and the pages that come with them"},
    {.name = "reef",
     .range = {kKernel, 2_GiB},
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kDevice,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kVmalloc,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kAround,
     .why = "devices and large blocks, below everything else of the kernel's"},
    {.name = "hill",
     .range = {kImage, 64_MiB},
     .user = mm::Access::kNone,
     .kernel = mm::Access::kImage,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kImage,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "the kernel"},
    {.name = "ledge",
     .range = {kImage + 1_GiB, 2_MiB},
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kScratchpad,
     .growth = mm::Growth::kDown,
     .guards = mm::Guards::kBelow,
     .why = "what start-up works with and, at the end of a table of its own, its stack"},
    {.name = "cave",
     .range = {kKernel + 2_TiB, 2_MiB},
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kWindow,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "windows, through which most of memory is seen"},
    {.name = "beach",
     .range = {kDirect, kDirectBytes},
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kDirectMap,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "the first 48 MiB of RAM, for tables, descriptors and small objects"},
});

inline constexpr mm::Layout kLayout = {
    .name = "islet",
    .shape = kShape,
    .regions = kRegions,
    .promised_ram_bytes = kDirectBytes,
    .direct_map_target = {0},
    .image_link_base = kImage + kImageOffset,
    .image_load_base = {kImageOffset},
};

static_assert(mm::IsSound(kLayout));

inline constexpr std::array<const mm::Layout*, 1> kLayouts = {&kLayout};

inline constexpr unsigned kLevels = 4;

// The table for a machine that walks `levels` levels of page tables.
[[nodiscard]] constexpr const mm::Layout& ForHardware(unsigned levels) {
  CHECK(levels == kLevels);
  return kLayout;
}

}  // namespace layouts::islet
