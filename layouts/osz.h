// osz, for x86_64: a process below, shared memory and 4 GiB of core memory above. One table for
// each depth of page tables; they differ only in T, the first address past the user half.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/base/units.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/layout_fault.h"
#include "kernel/mm/facts/range.h"

namespace layouts::osz {

using namespace base::literals;  // NOLINT(google-build-using-namespace): units of the table

inline constexpr unsigned kFourLevels = 4;
inline constexpr unsigned kFiveLevels = 5;

// Intel SDM vol. 1 3.3.7.1: 48 address bits with 4-level paging, 57 with 5-level paging.
[[nodiscard]] constexpr unsigned AddressBits(unsigned levels) {
  CHECK(levels == kFourLevels || levels == kFiveLevels);
  return levels == kFourLevels ? 48 : 57;
}

// The first address past the user half: 2^47 or 2^56.
[[nodiscard]] constexpr uint64_t UserTop(unsigned levels) {
  return base::Bit(AddressBits(levels) - 1);
}

// `distance` bytes below the top of the address space, as the document counts core memory.
[[nodiscard]] constexpr mm::VirtAddr FromTop(uint64_t distance) { return {uint64_t{0} - distance}; }

// Core memory is the last 4 GiB. Sizes, from the bottom:
inline constexpr uint64_t kLowmemBytes = 2_GiB;
inline constexpr uint64_t kImageBytes = 1_GiB;
inline constexpr uint64_t kHeapBytes = 512_MiB;
inline constexpr uint64_t kVmallocBytes = 510_MiB;
inline constexpr uint64_t kWindowBytes = 2_MiB;

inline constexpr mm::VirtAddr kLowmemBase = FromTop(4_GiB);
inline constexpr mm::VirtAddr kImageBase = kLowmemBase + kLowmemBytes;
inline constexpr mm::VirtAddr kHeapBase = kImageBase + kImageBytes;
inline constexpr mm::VirtAddr kVmallocBase = kHeapBase + kHeapBytes;
inline constexpr mm::VirtAddr kWindowBase = kVmallocBase + kVmallocBytes;
static_assert(kWindowBase == FromTop(kWindowBytes));

// The image lies where it is loaded: at this physical address and as far above kImageBase.
inline constexpr uint64_t kImageOffset = 1_MiB;

inline constexpr size_t kRegionCount = 12;

[[nodiscard]] constexpr std::array<mm::Region, kRegionCount> MakeRegions(unsigned levels) {
  using enum mm::Access;
  using mm::Caching;
  using mm::FromFirstToLast;
  using mm::Growth;
  using mm::Guards;
  using mm::Scope;
  using mm::Service;
  using mm::VirtAddr;
  const uint64_t top = UserTop(levels);
  const uint64_t border = top / 2;
  return {{
      {.name = "tcb",
       .range = FromFirstToLast(VirtAddr{0}, VirtAddr{4_KiB - 1}),
       .user = kNone,
       .kernel = kReadWrite,
       .caching = Caching::kNormal,
       .scope = Scope::kThread,
       .service = Service::kThreadControl,
       .growth = Growth::kFixed,
       .guards = Guards::kNone,
       .why = "thread control block, closed to user mode: a null dereference faults"},
      {.name = "mq",
       .range = FromFirstToLast(VirtAddr{4_KiB}, VirtAddr{2_MiB - 1}),
       .user = kRead,
       .kernel = kReadWrite,
       .caching = Caching::kNormal,
       .scope = Scope::kThread,
       .service = Service::kMessageQueue,
       .growth = Growth::kFixed,
       .guards = Guards::kNone,
       .why = "message queue of the thread; the kernel is its only writer"},
      {.name = "text",
       .range = FromFirstToLast(VirtAddr{2_MiB}, VirtAddr{4_GiB - 1}),
       .user = kImage,
       .kernel = kNone,
       .caching = Caching::kNormal,
       .scope = Scope::kProcess,
       .service = Service::kProgram,
       .growth = Growth::kFixed,
       .guards = Guards::kNone,
       .why =
           "the program; in the system process the message dispatcher and its IRQ routing table"},
      {.name = "libs",
       .range = FromFirstToLast(VirtAddr{4_GiB}, VirtAddr{16_GiB - 1}),
       .user = kImage,
       .kernel = kNone,
       .caching = Caching::kNormal,
       .scope = Scope::kProcess,
       .service = Service::kLibraries,
       .growth = Growth::kFixed,
       .guards = Guards::kNone,
       .why = "shared libraries; in the system process the device drivers, which are such"},
      {.name = "bss",
       .range = FromFirstToLast(VirtAddr{16_GiB}, VirtAddr{border - 1}),
       .user = kReadWrite,
       .kernel = kNone,
       .caching = Caching::kDevice,
       .scope = Scope::kProcess,
       .service = Service::kUserHeap,
       .growth = Growth::kUp,
       .guards = Guards::kNone,
       .why = "dynamic memory, grows up towards the stack; in the system process also device "
              "registers"},
      {.name = "stack",
       .range = FromFirstToLast(VirtAddr{border}, VirtAddr{top - 1}),
       .user = kReadWrite,
       .kernel = kNone,
       .caching = Caching::kNormal,
       .scope = Scope::kThread,
       .service = Service::kUserStack,
       .growth = Growth::kDown,
       .guards = Guards::kBelow,
       .why =
           "the thread's own stack, grows down towards bss. The border is T/2: both halves exceed "
           "any machine's RAM, and whole root entries are either the process's or the thread's"},
      {.name = "shared",
       .range = FromFirstToLast(FromTop(top), VirtAddr{kLowmemBase.value - 1}),
       .user = kReadWrite,
       .kernel = kReadWrite,
       .caching = Caching::kNormal,
       .scope = Scope::kGlobal,
       .service = Service::kSharedMemory,
       .growth = Growth::kFixed,
       .guards = Guards::kNone,
       .why = "global shared memory, at the same address in every process"},
      {.name = "lowmem",
       .range = {kLowmemBase, kLowmemBytes},
       .user = kNone,
       .kernel = kReadWrite,
       .caching = Caching::kNormal,
       .scope = Scope::kGlobal,
       .service = Service::kDirectMap,
       .growth = Growth::kFixed,
       .guards = Guards::kNone,
       .why =
           "direct map of the first 2 GiB of RAM: half of core memory, so that most machines need "
           "no window for their tables and descriptors"},
      {.name = "image",
       .range = {kImageBase, kImageBytes},
       .user = kNone,
       .kernel = kImage,
       .caching = Caching::kNormal,
       .scope = Scope::kGlobal,
       .service = Service::kImage,
       .growth = Growth::kFixed,
       .guards = Guards::kNone,
       .why = "the kernel, above lowmem; one directory entry's 1 GiB, so "
              "that start-up maps it with one entry and no other region shares the table"},
      {.name = "heap",
       .range = {kHeapBase, kHeapBytes},
       .user = kNone,
       .kernel = kReadWrite,
       .caching = Caching::kNormal,
       .scope = Scope::kGlobal,
       .service = Service::kKernelHeap,
       .growth = Growth::kUp,
       .guards = Guards::kNone,
       .why =
           "kernel objects: half of what is left, since they scale with processes, not with RAM"},
      {.name = "vmalloc",
       .range = {kVmallocBase, kVmallocBytes},
       .user = kNone,
       .kernel = kReadWrite,
       .caching = Caching::kDevice,
       .scope = Scope::kGlobal,
       .service = Service::kVmalloc,
       .growth = Growth::kFixed,
       .guards = Guards::kAround,
       .why = "devices and large blocks of scattered frames, each area between guard pages"},
      {.name = "window",
       .range = {kWindowBase, kWindowBytes},
       .user = kNone,
       .kernel = kReadWrite,
       .caching = Caching::kNormal,
       .scope = Scope::kGlobal,
       .service = Service::kWindow,
       .growth = Growth::kFixed,
       .guards = Guards::kNone,
       .why = "temporary mappings of frames above lowmem: 512 pages under one last-level table, "
              "eight for each of 64 CPUs"},
  }};
}

inline constexpr auto kFourLevelRegions = MakeRegions(kFourLevels);
inline constexpr auto kFiveLevelRegions = MakeRegions(kFiveLevels);

[[nodiscard]] constexpr mm::Layout MakeLayout(unsigned levels) {
  return {
      .name = "osz",
      .shape = {.address_bits = AddressBits(levels),
                .extension = mm::HardwareShape::Extension::kSign,
                .page_bytes = mm::kPageSize},
      .regions = levels == kFourLevels ? kFourLevelRegions : kFiveLevelRegions,
      .promised_ram_bytes = kLowmemBytes,
      .direct_map_target = {0},
      .image_link_base = kImageBase + kImageOffset,
      .image_load_base = {kImageOffset},
  };
}

inline constexpr mm::Layout kFourLevelLayout = MakeLayout(kFourLevels);
inline constexpr mm::Layout kFiveLevelLayout = MakeLayout(kFiveLevels);

static_assert(mm::IsSound(kFourLevelLayout));
static_assert(mm::IsSound(kFiveLevelLayout));

inline constexpr std::array<const mm::Layout*, 2> kLayouts = {&kFourLevelLayout, &kFiveLevelLayout};

// The table for a machine that walks `levels` levels of page tables.
[[nodiscard]] constexpr const mm::Layout& ForHardware(unsigned levels) {
  CHECK(levels == kFourLevels || levels == kFiveLevels);
  return levels == kFourLevels ? kFourLevelLayout : kFiveLevelLayout;
}

}  // namespace layouts::osz
