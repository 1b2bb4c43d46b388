#include "arch/arm/firmware/device_tree.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "arch/arm/firmware/tree_board.h"
#include "arch/arm/firmware/tree_writer.h"

namespace arch::arm {
namespace {

using mm::FirmwareKind;

struct Range {
  uint64_t base;
  uint64_t size_bytes;
  FirmwareKind kind = FirmwareKind::kRam;

  bool operator==(const Range&) const = default;
};

std::vector<Range> MemoryOf(const DeviceTree& tree) {
  std::vector<Range> ranges;
  for (const mm::FirmwareRange& range : tree.memory()) {
    ranges.push_back({range.base.value, range.size_bytes, range.kind});
  }
  return ranges;
}

struct MemoryRow {
  const char* name;
  uint32_t address_cells;
  uint32_t size_cells;
  std::vector<std::vector<uint32_t>> nodes;
  std::vector<Range> expected;
};

TEST(DeviceTreeMemory, ReadsEveryShapeOfReg) {
  const auto unusable = FirmwareKind::kUnusable;
  const std::vector<MemoryRow> rows = {
      {"QEMU virt, 512 MiB",
       2,
       2,
       {{0, 0x4000'0000, 0, 0x2000'0000}},
       {{0x4000'0000, 0x2000'0000}}},
      {"one cell each", 1, 1, {{0x8000'0000, 0x1000'0000}}, {{0x8000'0000, 0x1000'0000}}},
      {"two and one", 2, 1, {{0, 0x4000'0000, 0x1000}}, {{0x4000'0000, 0x1000}}},
      {"one and two", 1, 2, {{0x4000'0000, 0, 0x1000}}, {{0x4000'0000, 0x1000}}},
      {"two banks in one node",
       1,
       1,
       {{0x4000'0000, 0x1000, 0x5000'0000, 0x2000}},
       {{0x4000'0000, 0x1000}, {0x5000'0000, 0x2000}}},
      {"two nodes",
       1,
       1,
       {{0x5000'0000, 0x1000}, {0x4000'0000, 0x2000}},
       {{0x5000'0000, 0x1000}, {0x4000'0000, 0x2000}}},
      {"to the last byte of 32 bits",
       2,
       2,
       {{0, 0x4000'0000, 0, 0xC000'0000}},
       {{0x4000'0000, 0xC000'0000}}},
      {"across 4 GiB",
       2,
       2,
       {{0, 0x4000'0000, 1, 0x4000'0000}},
       {{0x4000'0000, 0xC000'0000}, {0x1'0000'0000, 0x8000'0000, unusable}}},
      {"all above 4 GiB", 2, 2, {{8, 0, 0, 0x1000}}, {{0x8'0000'0000, 0x1000, unusable}}},
      {"from below the direct map",
       1,
       1,
       {{0x3FF0'0000, 0x20'0000}},
       {{0x3FF0'0000, 0x10'0000, unusable}, {0x4000'0000, 0x10'0000}}},
      {"empty: for the memory map to refuse", 1, 1, {{0x4000'0000, 0}}, {{0x4000'0000, 0}}},
      {"wrapping: for the memory map to refuse",
       2,
       2,
       {{0xFFFF'FFFF, 0xFFFF'F000, 0, 0x2000}},
       {{0xFFFF'FFFF'FFFF'F000, 0x2000}}},
  };
  for (const MemoryRow& row : rows) {
    TreeWriter writer;
    BeginRoot(writer, row.address_cells, row.size_cells);
    size_t node = 0;
    for (const auto& reg : row.nodes) {
      AddMemory(writer, ("memory@" + std::to_string(node++)).c_str(), reg);
    }
    writer.End();
    DeviceTree tree;
    ASSERT_TRUE(tree.ReadFrom(writer.Finish(), kUsable).has_value()) << row.name;
    EXPECT_EQ(MemoryOf(tree), row.expected) << row.name;
  }
}

TEST(DeviceTreeMemory, LeavesOutOtherNodes) {
  TreeWriter writer;
  const auto bytes = Board(writer, [](TreeWriter& tree) {
    tree.Begin("secram@e000000");  // as QEMU's virt,secure=on has it
    tree.Text("device_type", "memory");
    tree.Text("status", "disabled");
    tree.Cells("reg", {0, 0x0E00'0000, 0, 0x0100'0000});
    tree.End();
    tree.Begin("memory-controller@1000");
    tree.Cells("reg", {0, 0x1000, 0, 0x1000});
    tree.End();
  });
  DeviceTree tree;
  ASSERT_TRUE(tree.ReadFrom(bytes, kUsable).has_value());
  EXPECT_EQ(MemoryOf(tree), (std::vector<Range>{{0x4000'0000, 0x2000'0000}}));
}

TEST(DeviceTreeMemory, RefusesWhatItCannotRead) {
  ExpectFault("no memory node", TreeFault::kNoMemory, [](TreeWriter& tree) {
    BeginRoot(tree);
    tree.End();
  });
  ExpectFault("no reg", TreeFault::kBadMemory, [](TreeWriter& tree) {
    BeginRoot(tree);
    tree.Begin("memory");
    tree.Text("device_type", "memory");
    tree.End();
    tree.End();
  });
  ExpectFault("half a pair", TreeFault::kBadMemory, [](TreeWriter& tree) {
    BeginRoot(tree);
    AddMemory(tree, "memory", {0, 0x4000'0000, 0});
    tree.End();
  });
  ExpectFault("three address cells", TreeFault::kBadMemory, [](TreeWriter& tree) {
    BeginRoot(tree, 3, 1);
    AddMemory(tree, "memory", {0, 0, 0x4000'0000, 0x1000});
    tree.End();
  });
  ExpectFault("no size cells", TreeFault::kBadMemory, [](TreeWriter& tree) {
    BeginRoot(tree, 1, 0);
    AddMemory(tree, "memory", {0x4000'0000});
    tree.End();
  });
  ExpectFault("an empty reg", TreeFault::kNoMemory, [](TreeWriter& tree) {
    BeginRoot(tree);
    AddMemory(tree, "memory", {});
    tree.End();
  });
}

void AddBanks(TreeWriter& tree, size_t count) {
  BeginRoot(tree, 1, 1);
  for (uint32_t bank = 0; bank < count; ++bank) {
    AddMemory(tree, ("memory@" + std::to_string(bank)).c_str(),
              {0x4000'0000 + bank * 0x10'0000, 0x1000});
  }
  tree.End();
}

TEST(DeviceTreeMemory, HoldsExactlyItsCapacity) {
  TreeWriter full;
  AddBanks(full, DeviceTree::kMaxRanges);
  DeviceTree tree;
  ASSERT_TRUE(tree.ReadFrom(full.Finish(), kUsable).has_value());
  EXPECT_EQ(tree.memory().size(), DeviceTree::kMaxRanges);
  ExpectFault("one more", TreeFault::kTooManyRanges,
              [](TreeWriter& writer) { AddBanks(writer, DeviceTree::kMaxRanges + 1); });
}

TEST(DeviceTreeBlob, RefusesWhatIsNoTree) {
  TreeWriter writer;
  const auto bytes = Board(writer, [](TreeWriter&) {});
  DeviceTree tree;
  EXPECT_EQ(tree.ReadFrom(bytes.first(0), kUsable).error(), TreeFault::kBadMagic);
  EXPECT_EQ(tree.ReadFrom(bytes.first(16), kUsable).error(), TreeFault::kBadMagic);
  EXPECT_EQ(tree.ReadFrom(bytes.first(bytes.size() - 1), kUsable).error(), TreeFault::kTooLarge);

  const std::byte magic = bytes[0];
  bytes[0] = std::byte{0};
  EXPECT_EQ(tree.ReadFrom(bytes, kUsable).error(), TreeFault::kBadMagic);
  bytes[0] = magic;

  auto* const header = reinterpret_cast<fdt_header*>(bytes.data());
  const uint32_t structure = fdt_off_dt_struct(bytes.data());
  const uint32_t total = fdt_totalsize(bytes.data());
  fdt_set_totalsize(header, sizeof(fdt_header) - 1);
  EXPECT_EQ(tree.ReadFrom(bytes, kUsable).error(), TreeFault::kBroken) << "shorter than its header";
  fdt_set_totalsize(header, total);
  fdt_set_off_dt_struct(header, total);
  EXPECT_EQ(tree.ReadFrom(bytes, kUsable).error(), TreeFault::kBroken) << "structure outside";
  fdt_set_off_dt_struct(header, structure);
  fdt_set_version(header, 1);
  EXPECT_EQ(tree.ReadFrom(bytes, kUsable).error(), TreeFault::kBroken) << "ancient version";
  fdt_set_version(header, FDT_LAST_SUPPORTED_VERSION);
  EXPECT_TRUE(tree.ReadFrom(bytes, kUsable).has_value()) << "as it was";
}

// Whatever a single wrong byte does, reading ends, and inside the tree (the sanitizers watch).
TEST(DeviceTreeBlob, SurvivesEveryWrongByte) {
  TreeWriter writer;
  const auto bytes = Board(writer, [](TreeWriter& tree) {
    tree.Begin("chosen");
    tree.Text("bootargs", "test");
    tree.Cells("linux,initrd-start", {0x4800'0000});
    tree.Cells("linux,initrd-end", {0x4900'0000});
    tree.End();
  });
  DeviceTree tree;
  size_t refused = 0;
  for (std::byte& byte : bytes) {
    const std::byte right = byte;
    for (const unsigned wrong : {0x00u, 0x01u, 0x7Fu, 0xFFu}) {
      byte = std::byte{static_cast<unsigned char>(wrong)};
      if (!tree.ReadFrom(bytes, kUsable)) ++refused;
    }
    byte = right;
  }
  EXPECT_GT(refused, 0u);
  EXPECT_TRUE(tree.ReadFrom(bytes, kUsable).has_value());
}

}  // namespace
}  // namespace arch::arm
