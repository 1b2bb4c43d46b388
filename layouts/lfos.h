// lfos, for x86_64 with four levels of page tables: a process in the lower half, the kernel from
// the start of the upper half on, and all physical memory 4 TiB above that.
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

namespace layouts::lfos {

using namespace base::literals;  // NOLINT(google-build-using-namespace): units of the table

// On a processor with a fifth level, too: the table has no addresses for it.
inline constexpr mm::HardwareShape kShape = {
    .address_bits = 48,
    .extension = mm::HardwareShape::Extension::kSign,
    .page_bytes = mm::kPageSize,
};

// The document counts the kernel's regions from the start of the upper half.
inline constexpr mm::VirtAddr kHalf = {0xFFFF'8000'0000'0000};

[[nodiscard]] constexpr mm::VirtRange FromHalf(uint64_t first, uint64_t next) {
  return {kHalf + first, next - first};
}

inline constexpr mm::VirtRange kImage = FromHalf(16_MiB, 144_MiB);
inline constexpr mm::VirtRange kDirect = FromHalf(4_TiB, 8_TiB);
// The image lies where it is loaded: at this physical address and as far above the region's base.
inline constexpr uint64_t kImageOffset = 1_MiB;

inline constexpr auto kRegions = std::to_array<mm::Region>({
    {.name = "unused",
     .range = mm::FromFirstToLast(mm::VirtAddr{0}, mm::VirtAddr{4_MiB - 1}),
     .user = mm::Access::kNone,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kProcess,
     .service = mm::Service::kUnused,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "holds no mapping, so that null and everything near it faults"},
    {.name = "text",
     .range = mm::FromFirstToLast(mm::VirtAddr{4_MiB}, mm::VirtAddr{4_GiB - 1}),
     .user = mm::Access::kImage,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kProcess,
     .service = mm::Service::kProgram,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "the program, which 32-bit addresses reach"},
    {.name = "libs",
     .range = mm::FromFirstToLast(mm::VirtAddr{4_GiB}, mm::VirtAddr{1_TiB - 1}),
     .user = mm::Access::kImage,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kProcess,
     .service = mm::Service::kLibraries,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "shared libraries and mapped files"},
    {.name = "shared",
     .range = mm::FromFirstToLast(mm::VirtAddr{1_TiB}, mm::VirtAddr{16_TiB - 1}),
     .user = mm::Access::kReadWrite,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kSharedMemory,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "shared memory, at the same address in every process"},
    {.name = "uheap",
     .range = mm::FromFirstToLast(mm::VirtAddr{16_TiB}, mm::VirtAddr{127_TiB - 1}),
     .user = mm::Access::kReadWrite,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kDevice,
     .scope = mm::Scope::kProcess,
     .service = mm::Service::kUserHeap,
     .growth = mm::Growth::kUp,
     .guards = mm::Guards::kNone,
     .why = "the process's dynamic memory, grows up; in the system process also device "
            "registers"},
    {.name = "tcb",
     .range = mm::FromFirstToLast(mm::VirtAddr{0x7F00'0000'0000}, mm::VirtAddr{0x7F00'0000'0FFF}),
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kThread,
     .service = mm::Service::kThreadControl,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "control block of a native thread, in the page that the document leaves below the "
            "message queue; closed to user mode"},
    {.name = "mq",
     .range = mm::FromFirstToLast(mm::VirtAddr{0x7F00'0000'1000}, mm::VirtAddr{0x7F7F'FFFF'FFFF}),
     .user = mm::Access::kRead,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kThread,
     .service = mm::Service::kMessageQueue,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why =
         "message queue of a native thread; the kernel is its only writer. A row of its own, since "
         "user mode may write stacks: one root entry, the other is the stacks'"},
    {.name = "stack",
     .range = mm::FromFirstToLast(mm::VirtAddr{0x7F80'0000'0000}, mm::VirtAddr{0x7FFF'FFFF'EFFF}),
     .user = mm::Access::kReadWrite,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kThread,
     .service = mm::Service::kUserStack,
     .growth = mm::Growth::kDown,
     .guards = mm::Guards::kBelow,
     .why =
         "the first thread's stack, and at the same addresses each native thread's own; it grows "
         "down to a guard page. The last page of the half stays unmapped: a system call there "
         "would return to no address"},
    {.name = "scratch",
     .range = FromHalf(0, 16_MiB),
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kScratchpad,
     .growth = mm::Growth::kDown,
     .guards = mm::Guards::kBelow,
     .why =
         "what start-up copies from the loader and works with lies at the bottom, the boot stack "
         "at the top, above a guard page; nothing lies between them"},
    {.name = "image",
     .range = kImage,
     .user = mm::Access::kNone,
     .kernel = mm::Access::kImage,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kImage,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "the kernel, with its memory map"},
    {.name = "slab4k",
     .range = FromHalf(144_MiB, 256_MiB),
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kPageObjects,
     .growth = mm::Growth::kUp,
     .guards = mm::Guards::kNone,
     .why = "slabs of objects of 4 KiB, which are mapped while they are in use: kalloc of a page"},
    {.name = "unused",
     .range = FromHalf(256_MiB, 1_GiB),
     .user = mm::Access::kNone,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kProcess,
     .service = mm::Service::kUnused,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "holds no mapping"},
    {.name = "heap",
     .range = FromHalf(1_GiB, 32_GiB),
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kDevice,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kKernelHeap,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kAround,
     .why =
         "kernel heap in one half, the slabs of kalloc and of all kernel objects; large blocks and "
         "all dynamic mappings in the other, each area between guard pages"},
    {.name = "unused",
     .range = FromHalf(32_GiB, 4_TiB),
     .user = mm::Access::kNone,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kProcess,
     .service = mm::Service::kUnused,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "holds no mapping, so that what runs off the heap meets nothing"},
    {.name = "direct",
     .range = kDirect,
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kDirectMap,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why =
         "all physical memory, never executable: 4 TiB that begin with a root entry, so that pages "
         "of 1 GiB fit where the processor has them, and no frame needs a window"},
});

inline constexpr mm::Layout kLayout = {
    .name = "lfos",
    .shape = kShape,
    .regions = kRegions,
    .promised_ram_bytes = kDirect.size_bytes,
    .direct_map_target = {0},
    .image_link_base = kImage.base + kImageOffset,
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

}  // namespace layouts::lfos
