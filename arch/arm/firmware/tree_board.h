// Whole trees, and what reading them comes to, for the tests of device_tree.h.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <vector>

#include "arch/arm/firmware/device_tree.h"
#include "arch/arm/firmware/tree_writer.h"
#include "kernel/mm/facts/range.h"

namespace arch::arm {

// RAM from 1 GiB on, as far as 32 bits reach.
inline constexpr mm::PhysRange kUsable =
    mm::FromFirstToLast(mm::PhysAddr{0x4000'0000}, mm::PhysAddr{0xFFFF'FFFF});

inline void BeginRoot(TreeWriter& tree, uint32_t address_cells = 2, uint32_t size_cells = 2) {
  tree.Begin("");
  tree.Cells("#address-cells", {address_cells});
  tree.Cells("#size-cells", {size_cells});
}

inline void AddMemory(TreeWriter& tree, const char* name, const std::vector<uint32_t>& reg) {
  tree.Begin(name);
  tree.Text("device_type", "memory");
  tree.Cells("reg", reg);
  tree.End();
}

// 512 MiB at 1 GiB, and whatever `add` puts into the root beside it.
template <class Add>
std::span<std::byte> Board(TreeWriter& tree, Add add) {
  BeginRoot(tree);
  AddMemory(tree, "memory@40000000", {0, 0x4000'0000, 0, 0x2000'0000});
  add(tree);
  tree.End();
  return tree.Finish();
}

template <class Fill>
void ExpectFault(const char* row, TreeFault fault, Fill fill) {
  TreeWriter writer;
  fill(writer);
  DeviceTree tree;
  const auto outcome = tree.ReadFrom(writer.Finish(), kUsable);
  ASSERT_FALSE(outcome.has_value()) << row;
  EXPECT_EQ(outcome.error(), fault) << row;
}

}  // namespace arch::arm
