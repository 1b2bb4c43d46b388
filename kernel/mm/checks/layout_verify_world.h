// A small machine for the tests of the layout verifier: a layout with every kind of row, a memory
// map, an image, and page tables (as a list of mappings) in which everything is right.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/base/units.h"
#include "kernel/mm/checks/layout_packing.h"
#include "kernel/mm/checks/layout_verify.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/layout_fault.h"
#include "kernel/mm/facts/mapping.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"

namespace mm::verify_world {

using namespace base::literals;  // NOLINT(google-build-using-namespace): test data

inline constexpr VirtAddr kUnusedBase = {0};
inline constexpr VirtAddr kUserBase = {0x40'0000};
inline constexpr VirtAddr kLowmemBase = {0xFFFF'FFFF'0000'0000};
inline constexpr VirtAddr kImageBase = {0xFFFF'FFFF'8000'0000};
inline constexpr VirtAddr kVmallocBase = {0xFFFF'FFFF'FFE0'0000};
inline constexpr VirtAddr kTopPage = {0xFFFF'FFFF'FFFF'F000};

// Physical memory: 6 MiB of RAM in two pieces, the image in the middle of the first.
inline constexpr PhysAddr kImageTarget = {1_MiB};
inline constexpr PhysAddr kFirmwareHole = {4_MiB};
inline constexpr PhysAddr kHighRam = {5_MiB};
inline constexpr PhysAddr kDevice = {0xFEC0'0000};

inline constexpr std::array<Region, 5> kRows = {{
    {"unused",
     {kUnusedBase, 4_MiB},
     Access::kNone,
     Access::kNone,
     Caching::kNormal,
     Scope::kProcess,
     Service::kUnused,
     Growth::kFixed,
     Guards::kNone,
     "test"},
    {"user",
     {kUserBase, 4_MiB},
     Access::kImage,
     Access::kNone,
     Caching::kDevice,
     Scope::kProcess,
     Service::kProgram,
     Growth::kFixed,
     Guards::kNone,
     "test"},
    {"lowmem",
     {kLowmemBase, 2_GiB},
     Access::kNone,
     Access::kReadWrite,
     Caching::kNormal,
     Scope::kGlobal,
     Service::kDirectMap,
     Growth::kFixed,
     Guards::kNone,
     "test"},
    {"image",
     {kImageBase, 1_GiB},
     Access::kNone,
     Access::kImage,
     Caching::kNormal,
     Scope::kGlobal,
     Service::kImage,
     Growth::kFixed,
     Guards::kNone,
     "test"},
    {"vmalloc",
     {kVmallocBase, 2_MiB},
     Access::kNone,
     Access::kReadWrite,
     Caching::kDevice,
     Scope::kGlobal,
     Service::kVmalloc,
     Growth::kFixed,
     Guards::kAround,
     "test"},
}};

inline constexpr Layout kLayout = {
    .name = "world",
    .shape = {48, HardwareShape::Extension::kSign, kPageSize},
    .regions = kRows,
    .promised_ram_bytes = 2_GiB,
    .direct_map_target = {0},
    .image_link_base = kImageBase + 1_MiB,
    .image_load_base = kImageTarget,
};
static_assert(IsSound(kLayout));

inline constexpr VirtAddr kText = kImageBase + 1_MiB;
inline constexpr VirtAddr kRodata = kText + 64_KiB;
inline constexpr VirtAddr kData = kRodata + 64_KiB;
inline constexpr VirtAddr kGuard = kData + 64_KiB;
inline constexpr VirtAddr kStack = kGuard + kPageSize;
inline constexpr uint64_t kImageBytes = 256_KiB;
inline constexpr uint64_t kStackBytes = 16_KiB;

inline constexpr PhysAddr TargetOf(VirtAddr image_va) { return kImageTarget + (image_va - kText); }

inline constexpr std::array<ImageSection, 4> kSections = {{
    {"text", {kText, 64_KiB}, TargetOf(kText), Access::kReadExecute},
    {"rodata", {kRodata, 64_KiB}, TargetOf(kRodata), Access::kRead},
    {"data", {kData, 64_KiB}, TargetOf(kData), Access::kReadWrite},
    {"stack", {kStack, kStackBytes}, TargetOf(kStack), Access::kReadWrite},
}};

inline constexpr std::array<VirtRange, 2> kGuards = {{
    {kGuard, kPageSize},
    {kTopPage, kPageSize},
}};

inline constexpr MemoryRegion Memory(PhysAddr base, uint64_t bytes, MemoryState state) {
  return {FrameContaining(base), PagesIn(bytes), state};
}

inline constexpr std::array<MemoryRegion, 6> kMemory = {{
    Memory({0}, 1_MiB, MemoryState::kUsable),
    Memory(kImageTarget, kImageBytes, MemoryState::kKernelImage),
    Memory(kImageTarget + kImageBytes, 64_KiB, MemoryState::kKernelTables),
    Memory({0x15'0000}, 0x2B'0000, MemoryState::kUsable),
    Memory(kFirmwareHole, 1_MiB, MemoryState::kFirmwareReserved),
    Memory(kHighRam, 1_MiB, MemoryState::kUsable),
}};

inline constexpr PageAttributes Kernel(Access access) {
  return {.kernel = access, .caching = Caching::kNormal, .scope = Scope::kGlobal};
}
inline constexpr PageAttributes User(Access access) {
  return {.user = access, .kernel = access, .caching = Caching::kNormal, .scope = Scope::kProcess};
}
inline constexpr PageAttributes kDeviceAttributes = {
    .kernel = Access::kReadWrite, .caching = Caching::kDevice, .scope = Scope::kGlobal};

// The live tables. Tests change them, or the order of the walk.
class World {
 public:
  World() {
    Map(kUserBase, {0x20'0000}, 16_KiB, User(Access::kReadExecute));
    Map(kUserBase + 16_KiB, {0x20'4000}, 16_KiB, User(Access::kReadWrite));
    // Lowmem leaves out the image, and the firmware's part.
    Map(kLowmemBase, {0}, 1_MiB, Kernel(Access::kReadWrite));
    Map(kLowmemBase + 1_MiB + kImageBytes, kImageTarget + kImageBytes, 4_MiB - 1_MiB - kImageBytes,
        Kernel(Access::kReadWrite));
    Map(kLowmemBase + 5_MiB, kHighRam, 1_MiB, Kernel(Access::kReadWrite));
    for (const ImageSection& section : kSections) {
      Map(section.range.base, section.target, section.range.size_bytes, Kernel(section.access));
    }
    Map(kVmallocBase + kPageSize, kDevice, kPageSize, kDeviceAttributes);
    Map(kVmallocBase + 3 * kPageSize, {0x30'0000}, kPageSize, Kernel(Access::kReadWrite));
  }

  // Adds a mapping. The caller keeps mappings apart.
  void Map(VirtAddr va, PhysAddr target, uint64_t bytes, PageAttributes attributes) {
    CHECK(count_ < mappings_.size());
    mappings_[count_++] = {{va, bytes}, target, attributes, kPageSize};
  }

  // The mapping that holds `va`.
  Mapping& At(VirtAddr va) {
    for (Mapping& mapping : used()) {
      if (mapping.range.Contains(va)) return mapping;
    }
    CHECK(false);
    return mappings_[0];
  }

  // Leaves out `bytes` from `va` on, which one mapping holds.
  void Unmap(VirtAddr va, uint64_t bytes) {
    Mapping& mapping = At(va);
    const Mapping whole = mapping;
    const VirtAddr last = va + (bytes - 1);
    mapping.range.size_bytes = va - whole.range.base;
    if (last != whole.range.last()) {
      Map(last + 1, whole.target + whole.range.OffsetOf(last) + 1, whole.range.last() - last,
          whole.attributes);
    }
  }

  // Gives `bytes` from `va` on, which one mapping holds, other attributes.
  void Change(VirtAddr va, uint64_t bytes, PageAttributes attributes) {
    const Mapping& mapping = At(va);
    const PhysAddr target = mapping.target + mapping.range.OffsetOf(va);
    Unmap(va, bytes);
    Map(va, target, bytes, attributes);
  }

  void walk_backwards() { backwards_ = true; }
  void set_parts(std::span<const PlacedPart> parts) { parts_ = parts; }

  // The direct map leaves out this page, below a stack.
  void set_direct_map_guard(VirtAddr page) { direct_map_guard_ = page; }

  void set_user_devices(UserDevices devices) { user_devices_ = devices; }

  VerifyReport Verify(std::span<PhysRange> scratch) {
    std::ranges::sort(used(), {}, [](const Mapping& mapping) { return mapping.range.base; });
    if (backwards_) std::ranges::reverse(used());
    const auto is_guard = [this](VirtAddr va) { return direct_map_guard_ == va; };
    const VerifyInput input = {kLayout, kMemory, kSections,     kGuards,
                               scratch, parts_,  user_devices_, is_guard};
    return VerifyLayout(input, [this](MappingVisitor visit) {
      for (const Mapping& mapping : used()) {
        if (!mapping.range.IsEmpty()) visit(mapping);
      }
    });
  }

  VerifyReport Verify() {
    std::array<PhysRange, 16> scratch = {};
    return Verify(scratch);
  }

 private:
  std::span<Mapping> used() { return std::span(mappings_).first(count_); }

  std::array<Mapping, 64> mappings_;
  size_t count_ = 0;
  bool backwards_ = false;
  std::span<const PlacedPart> parts_;
  std::optional<VirtAddr> direct_map_guard_;
  UserDevices user_devices_ = UserDevices::kNone;
};

}  // namespace mm::verify_world
