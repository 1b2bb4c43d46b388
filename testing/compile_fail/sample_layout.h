// A sound layout, to be spoilt in one place by each file that must not compile.
#pragma once

#include <array>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/layout_fault.h"
#include "kernel/mm/facts/range.h"

namespace sample {

using Rows = std::array<mm::Region, 4>;

inline constexpr Rows kSoundRows = {{
    {.name = "stack",
     .range = {{0x10'0000}, 0x1'0000},
     .user = mm::Access::kReadWrite,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kThread,
     .service = mm::Service::kUserStack,
     .growth = mm::Growth::kDown,
     .guards = mm::Guards::kBelow,
     .why = "a sample"},
    {.name = "unused",
     .range = {{0x20'0000}, 0x10'0000},
     .user = mm::Access::kNone,
     .kernel = mm::Access::kNone,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kProcess,
     .service = mm::Service::kUnused,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "a sample"},
    {.name = "vmalloc",
     .range = {{0x7000'0000}, 0x100'0000},
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite,
     .caching = mm::Caching::kDevice,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kVmalloc,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kAround,
     .why = "a sample"},
    {.name = "direct",
     .range = {{0x8000'0000}, 0x8000'0000},
     .user = mm::Access::kNone,
     .kernel = mm::Access::kReadWrite | mm::Access::kImage,
     .caching = mm::Caching::kNormal,
     .scope = mm::Scope::kGlobal,
     .service = mm::Service::kDirectMap,
     .growth = mm::Growth::kFixed,
     .guards = mm::Guards::kNone,
     .why = "a sample"},
}};

using Parts = std::array<mm::Part, 3>;

inline constexpr Parts kSoundParts = {{
    {"constants", mm::PartStart::kPage, mm::Access::kNone, mm::Access::kRead, mm::Growth::kFixed,
     "a sample"},
    {"stack", mm::PartStart::kPage, mm::Access::kNone, mm::Access::kReadWrite, mm::Growth::kDown,
     "a sample"},
    {"heap", mm::PartStart::kPacked, mm::Access::kNone, mm::Access::kReadWrite, mm::Growth::kUp,
     "a sample"},
}};

consteval mm::Layout LayoutOf(const Rows& rows, const Parts& parts = kSoundParts) {
  return {
      .name = "sample",
      .shape = {32, mm::HardwareShape::Extension::kZero, mm::kPageSize},
      .regions = rows,
      .promised_ram_bytes = 0x8000'0000,
      .direct_map_target = {0},
      .image_link_base = {0x8001'0000},
      .image_load_base = {0x1'0000},
      .image_parts = parts,
  };
}

// So that the files that include this fail for nothing but what they change.
static_assert(mm::IsSound(LayoutOf(kSoundRows)));

template <class Change>
consteval Rows With(Change change) {
  Rows rows = kSoundRows;
  change(rows);
  return rows;
}

template <class Change>
consteval Parts WithParts(Change change) {
  Parts parts = kSoundParts;
  change(parts);
  return parts;
}

// With the sound rows.
template <class Change>
consteval mm::Layout LayoutWith(Change change) {
  mm::Layout layout = LayoutOf(kSoundRows);
  change(layout);
  return layout;
}

}  // namespace sample
