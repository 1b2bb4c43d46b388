// kora, for x86_64 and ARMv7-A: one table of 32-bit addresses, a process below 3 GiB, the kernel
// above. The machines differ in where their RAM lies and in where an image is loaded, nothing else.
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

namespace layouts::kora {

using namespace base::literals;  // NOLINT(google-build-using-namespace): units of the table

// On x86_64 too: 64-bit code that stays in the lowest 4 GiB.
inline constexpr mm::HardwareShape kShape = {
    .address_bits = 32,
    .extension = mm::HardwareShape::Extension::kZero,
    .page_bytes = mm::kPageSize,
};

inline constexpr mm::VirtAddr kDirectBase = {0xC000'0000};
inline constexpr uint64_t kDirectBytes = 768_MiB;

inline constexpr auto kRegions = std::to_array<mm::Region>({
    {.name = "unused",
     .range = mm::FromFirstToLast(mm::VirtAddr{0}, mm::VirtAddr{0x001F'FFFF}),
     .user = mm::Access::kNone,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kProcess,
     .service = mm::Service::kUnused,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "holds no mapping, so that null and everything near it faults"},
    {.name = "tcb",
     .range = mm::FromFirstToLast(mm::VirtAddr{0x0020'0000}, mm::VirtAddr{0x0020'0FFF}),
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kThread,
     .service = mm::Service::kThreadControl,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "control block of a native thread, closed to user mode. The document leaves what is "
            "below 4 MiB to nobody; 2 MiB of it are one last-level table on x86_64"},
    {.name = "mq",
     .range = mm::FromFirstToLast(mm::VirtAddr{0x0020'1000}, mm::VirtAddr{0x003F'FFFF}),
     .user = mm::Access::kRead,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kThread,
     .service = mm::Service::kMessageQueue,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "message queue of a native thread, which reads it; the kernel is its only writer"},
    {.name = "user",
     .range = mm::FromFirstToLast(mm::VirtAddr{0x0040'0000}, mm::VirtAddr{0xBFFF'FFFF}),
     .user = mm::Access::kImage,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kDevice,
     .scope = mm::Scope::kProcess,
     .service = mm::Service::kProgram,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kBelow,
     .why = "the process, 3068 MiB: program from 4 MiB on, then heap, files and shared memory; the "
            "stack grows down from 3 GiB; in the system process also device registers"},
    {.name = "direct",
     .range = {kDirectBase, kDirectBytes},
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite | mm::Access::kImage,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kDirectMap,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why =
         "the first 768 MiB of RAM with the kernel image inside: tables, descriptors and objects "
         "are reached by one addition"},
    {.name = "vmalloc",
     .range = mm::FromFirstToLast(mm::VirtAddr{0xF000'0000}, mm::VirtAddr{0xFEFF'FFFF}),
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kDevice,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kVmalloc,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kAround,
     .why = "240 MiB of dynamic mappings: large blocks, devices, and windows to the frames above "
            "the direct map's 768 MiB"},
    {.name = "unused",
     .range = mm::FromFirstToLast(mm::VirtAddr{0xFF00'0000}, mm::VirtAddr{0xFFFF'FFFF}),
     .user = mm::Access::kNone,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kProcess,
     .service = mm::Service::kUnused,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "holds no mapping, so that error codes and small negative numbers are no pointers"},
});

// Where a machine has the memory that the table speaks of.
struct Placement {
  mm::PhysAddr ram_base;
  uint64_t image_offset;  // from there to the image
};

// A PC's RAM starts at 0, and firmware keeps parts of the first MiB.
inline constexpr Placement kPc = {.ram_base = {0}, .image_offset = 1_MiB};
// QEMU's "virt" machine has its RAM here and starts a raw image 64 KiB above.
inline constexpr Placement kVirt = {.ram_base = {0x4000'0000}, .image_offset = 64_KiB};

[[nodiscard]] constexpr mm::Layout MakeLayout(const Placement& placement) {
  return {
      .name = "kora",
      .shape = kShape,
      .regions = kRegions,
      .promised_ram_bytes = kDirectBytes,
      .direct_map_target = placement.ram_base,
      .image_link_base = kDirectBase + placement.image_offset,
      .image_load_base = placement.ram_base + placement.image_offset,
  };
}

}  // namespace layouts::kora

namespace layouts::x86_64_kora {

inline constexpr mm::Layout kLayout = kora::MakeLayout(kora::kPc);

static_assert(mm::IsSound(kLayout));

inline constexpr std::array<const mm::Layout*, 1> kLayouts = {&kLayout};

// The fewest that long mode has; a fifth would translate address bits that the table has not.
inline constexpr unsigned kLevels = 4;

// The table for a machine that walks `levels` levels of page tables.
[[nodiscard]] constexpr const mm::Layout& ForHardware(unsigned levels) {
  CHECK(levels == kLevels);
  return kLayout;
}

}  // namespace layouts::x86_64_kora

namespace layouts::arm_kora {

inline constexpr mm::Layout kLayout = kora::MakeLayout(kora::kVirt);

static_assert(mm::IsSound(kLayout));

inline constexpr std::array<const mm::Layout*, 1> kLayouts = {&kLayout};

// Short descriptors always have two levels of tables.
inline constexpr unsigned kLevels = 2;

// The table for a machine that walks `levels` levels of page tables.
[[nodiscard]] constexpr const mm::Layout& ForHardware(unsigned levels) {
  CHECK(levels == kLevels);
  return kLayout;
}

}  // namespace layouts::arm_kora

namespace layouts::kora {

// The table in both places.
inline constexpr std::array<const mm::Layout*, 2> kLayouts = {&x86_64_kora::kLayout,
                                                              &arm_kora::kLayout};

}  // namespace layouts::kora
