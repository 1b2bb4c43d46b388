// apcpu, for ARMv7-A: the kernel from address 0 up and the process above it, so that a process that
// ends low has a small page table.
//
// TTBCR.N is that size: a context below 2^(32-N) has a first-level table of 16 KiB >> N, 128 bytes
// for 32 MiB (ARM DDI 0406C B3.5.4).
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

namespace layouts::apcpu {

using namespace base::literals;  // NOLINT(google-build-using-namespace): units of the table

inline constexpr mm::HardwareShape kShape = {
    .address_bits = 32,
    .extension = mm::HardwareShape::Extension::kZero,
    .page_bytes = mm::kPageSize,
};

inline constexpr uint64_t kKernelBytes = 14_MiB;
inline constexpr uint64_t kDeviceBytes = 14_MiB;
inline constexpr mm::VirtAddr kDeviceBase = {kKernelBytes};
inline constexpr uint64_t kThreadBytes = 2_MiB;
inline constexpr mm::VirtAddr kThreadBase = kDeviceBase + kDeviceBytes;
inline constexpr mm::VirtAddr kUserBase = kThreadBase + kThreadBytes;

// QEMU's "virt" machine has its RAM here. It starts a raw image 64 KiB above, and start-up moves
// that down: then RAM and its direct map begin on the same section.
inline constexpr mm::PhysAddr kRamBase = {0x4000'0000};

inline constexpr auto kImageParts = std::to_array<mm::Part>({
    {.name = "text",
     .start = mm::PartStart::kPage,
     .user = mm::Access::kReadExecute,
     .kernel = mm::Access::kReadExecute,
     .growth = mm::Growth::kFixed,
     .why = "the kernel's code, which built-in applications run, too. Short descriptors have no "
            "right to execute alone. Null is code: a write there faults, and a call is trapped"},
    {.name = "rodata",
     .start = mm::PartStart::kPage,
     .user = mm::Access::kRead,
     .kernel = mm::Access::kRead,
     .growth = mm::Growth::kFixed,
     .why = "constants of the shared code"},
    {.name = "data",
     .start = mm::PartStart::kPage,
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .growth = mm::Growth::kFixed,
     .why =
         "the kernel's own variables, .data and .bss; the stack for faults is their lowest part, "
         "above constants that nobody writes"},
    {.name = "shared original",
     .start = mm::PartStart::kPage,
     .user = mm::Access::kNone,
     .kernel = mm::Access::kNone,
     .growth = mm::Growth::kFixed,
     .why = ".data_shared and .bss_shared as they are at first: what shared code keeps for each "
            "context. Read only while a process is made of it"},
    {.name = "kernel stack",
     .start = mm::PartStart::kPage,
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .growth = mm::Growth::kDown,
     .why = "right above what the kernel may not write, which catches an overflow"},
    {.name = "kernel shared",
     .start = mm::PartStart::kPacked,
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .growth = mm::Growth::kFixed,
     .why = "the kernel's copy of the original, packed above its stack, which need not be whole "
            "pages then"},
    {.name = "kernel heap",
     .start = mm::PartStart::kPacked,
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .growth = mm::Growth::kUp,
     .why = "the rest of the direct map, from the byte where the copy ends"},
});

inline constexpr auto kProcessParts = std::to_array<mm::Part>({
    {.name = "heap",
     .start = mm::PartStart::kPage,
     .user = mm::Access::kReadWrite,
     .kernel = mm::Access::kNone,
     .growth = mm::Growth::kUp,
     .why = "from no page up to the most that the system grants"},
    {.name = "unmapped heap",
     .start = mm::PartStart::kPage,
     .user = mm::Access::kNone,
     .kernel = mm::Access::kNone,
     .growth = mm::Growth::kFixed,
     .why = "where the heap may still grow"},
    {.name = "stack guard",
     .start = mm::PartStart::kPage,
     .user = mm::Access::kNone,
     .kernel = mm::Access::kNone,
     .growth = mm::Growth::kFixed,
     .why = "never mapped, however far heap and stack have grown"},
    {.name = "unmapped stack",
     .start = mm::PartStart::kPage,
     .user = mm::Access::kNone,
     .kernel = mm::Access::kNone,
     .growth = mm::Growth::kFixed,
     .why = "where the stack may still grow"},
    {.name = "stack",
     .start = mm::PartStart::kPage,
     .user = mm::Access::kReadWrite,
     .kernel = mm::Access::kNone,
     .growth = mm::Growth::kDown,
     .why = "from one page to its fixed limit, on demand; its top need not be a page's"},
    {.name = "shared",
     .start = mm::PartStart::kPacked,
     .user = mm::Access::kReadWrite,
     .kernel = mm::Access::kNone,
     .growth = mm::Growth::kFixed,
     .why = "the process's own .data_shared and .bss_shared, packed above its stack to its top"},
});

inline constexpr auto kRegions = std::to_array<mm::Region>({
    {.name = "kernel",
     .range = {mm::VirtAddr{0}, kKernelBytes},
     .user = mm::Access::kImage,
     .kernel = mm::Access::kReadWrite | mm::Access::kImage,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kDirectMap,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why =
         "the image's parts and the kernel heap, one direct map of RAM's first 14 MiB: more than "
         "the kernel's own tables need"},
    {.name = "devices",
     .range = {kDeviceBase, kDeviceBytes},
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kDevice,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kVmalloc,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kAround,
     .why = "device registers, allocated and freed like heap, with holes where devices went; large "
            "blocks and windows to the frames above the direct map, too, and kernel stacks of a "
            "thousand threads. 2 MiB are left to a process of the smallest page table"},
    {.name = "tcb",
     .range = {kThreadBase, mm::kPageSize},
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kThread,
     .service = mm::Service::kThreadControl,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "control block of a native thread, closed to user mode; below the process, whose page "
            "table it makes no larger"},
    {.name = "mq",
     .range = {kThreadBase + mm::kPageSize, kThreadBytes - mm::kPageSize},
     .user = mm::Access::kRead,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kThread,
     .service = mm::Service::kMessageQueue,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "message queue of a native thread, which reads it; the kernel is its only writer"},
    {.name = "user",
     .range = mm::FromFirstToLast(kUserBase, mm::VirtAddr{0xFFFF'EFFF}),
     .user = mm::Access::kImage,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kDevice,
     .scope = mm::Scope::kProcess,
     .service = mm::Service::kProgram,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kBelow,
     .why = "the process, as far up as it needs: the page table ends with it; in the system "
            "process also device registers"},
    {.name = "unused",
     .range = mm::FromFirstToLast(mm::VirtAddr{0xFFFF'F000}, mm::VirtAddr{0xFFFF'FFFF}),
     .user = mm::Access::kNone,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kProcess,
     .service = mm::Service::kUnused,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "holds no mapping, so that error codes are no pointers"},
});

inline constexpr mm::Layout kLayout = {
    .name = "apcpu",
    .shape = kShape,
    .regions = kRegions,
    .promised_ram_bytes = kKernelBytes,
    .direct_map_target = kRamBase,
    .image_link_base = mm::VirtAddr{0},
    .image_load_base = kRamBase,
    .image_parts = kImageParts,
    .process_parts = kProcessParts,
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

}  // namespace layouts::apcpu
