#include "arch/arm/firmware/device_tree.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "arch/arm/firmware/tree_writer.h"

namespace arch::arm {
namespace {

using mm::FirmwareKind;
using mm::PhysAddr;
using mm::PhysRange;

// RAM from 1 GiB on, as far as 32 bits reach.
constexpr PhysRange kUsable = mm::FromFirstToLast(PhysAddr{0x4000'0000}, PhysAddr{0xFFFF'FFFF});

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

void BeginRoot(TreeWriter& tree, uint32_t address_cells = 2, uint32_t size_cells = 2) {
  tree.Begin("");
  tree.Cells("#address-cells", {address_cells});
  tree.Cells("#size-cells", {size_cells});
}

void AddMemory(TreeWriter& tree, const char* name, const std::vector<uint32_t>& reg) {
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
      {"QEMU virt, 512 MiB", 2, 2, {{0, 0x4000'0000, 0, 0x2000'0000}}, {{0x4000'0000, 0x2000'0000}}},
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

TEST(DeviceTreeReservations, ComeFromTheBlockAndFromTheNodes) {
  TreeWriter writer;
  writer.Reserve(0x4100'0000, 0x1000);
  writer.Reserve(0x4200'0000, 0);  // reserves nothing
  const auto bytes = Board(writer, [](TreeWriter& tree) {
    tree.Begin("reserved-memory");
    tree.Cells("#address-cells", {1});
    tree.Cells("#size-cells", {1});
    tree.Cells("ranges", {});
    tree.Begin("framebuffer@43000000");
    tree.Cells("reg", {0x4300'0000, 0x2000, 0x4400'0000, 0x3000});
    tree.End();
    tree.Begin("anywhere");
    tree.Cells("size", {0x1000});
    tree.End();
    tree.Begin("unused@45000000");
    tree.Text("status", "disabled");
    tree.Cells("reg", {0x4500'0000, 0x1000});
    tree.End();
    tree.End();
  });
  DeviceTree tree;
  ASSERT_TRUE(tree.ReadFrom(bytes, kUsable).has_value());
  const std::vector<PhysRange> expected = {{PhysAddr{0x4100'0000}, 0x1000},
                                           {PhysAddr{0x4300'0000}, 0x2000},
                                           {PhysAddr{0x4400'0000}, 0x3000}};
  EXPECT_EQ(std::vector(tree.reservations().begin(), tree.reservations().end()), expected);
}

TEST(DeviceTreeReservations, AreRefusedWhenTheyCannotBe) {
  const auto board = [](TreeWriter& tree) {
    BeginRoot(tree);
    AddMemory(tree, "memory", {0, 0x4000'0000, 0, 0x1000'0000});
    tree.End();
  };
  ExpectFault("wraps", TreeFault::kBadReservation, [board](TreeWriter& tree) {
    tree.Reserve(0xFFFF'FFFF'FFFF'F000, 0x2000);
    board(tree);
  });
  ExpectFault("too many", TreeFault::kTooManyReservations, [board](TreeWriter& tree) {
    for (size_t i = 0; i <= DeviceTree::kMaxReservations; ++i) {
      tree.Reserve(0x4000'0000 + i * 0x1000, 0x1000);
    }
    board(tree);
  });
  ExpectFault("addresses of another bus", TreeFault::kBadReservation, [](TreeWriter& tree) {
    BeginRoot(tree);
    AddMemory(tree, "memory", {0, 0x4000'0000, 0, 0x1000'0000});
    tree.Begin("reserved-memory");  // no "ranges"
    tree.Begin("area@0");
    tree.Cells("reg", {0, 0, 0x1000});
    tree.End();
    tree.End();
    tree.End();
  });
}

TEST(DeviceTreeChosen, GivesCommandLineAndInitrd) {
  TreeWriter writer;
  const auto bytes = Board(writer, [](TreeWriter& tree) {
    tree.Begin("chosen");
    tree.Text("bootargs", "test quiet");
    tree.Cells("linux,initrd-start", {0x4800'0000});
    tree.Cells("linux,initrd-end", {0, 0x4800'1234});
    tree.End();
  });
  DeviceTree tree;
  ASSERT_TRUE(tree.ReadFrom(bytes, kUsable).has_value());
  EXPECT_EQ(tree.command_line(), "test quiet");
  EXPECT_EQ(tree.initrd(), (PhysRange{PhysAddr{0x4800'0000}, 0x1234}));
  EXPECT_EQ(tree.size_bytes(), bytes.size());
}

TEST(DeviceTreeChosen, MayBeMissingOrEmpty) {
  TreeWriter without;
  DeviceTree tree;
  ASSERT_TRUE(tree.ReadFrom(Board(without, [](TreeWriter&) {}), kUsable).has_value());
  EXPECT_EQ(tree.command_line(), "");
  EXPECT_FALSE(tree.initrd().has_value());

  TreeWriter empty;
  const auto bytes = Board(empty, [](TreeWriter& writer) {
    writer.Begin("chosen");
    writer.Cells("linux,initrd-start", {0x4800'0000});
    writer.Cells("linux,initrd-end", {0x4800'0000});
    writer.End();
  });
  ASSERT_TRUE(tree.ReadFrom(bytes, kUsable).has_value());
  EXPECT_FALSE(tree.initrd().has_value());
}

template <class Fill>
void ExpectChosenFault(const char* row, TreeFault fault, Fill fill) {
  ExpectFault(row, fault, [fill](TreeWriter& tree) {
    BeginRoot(tree);
    AddMemory(tree, "memory", {0, 0x4000'0000, 0, 0x1000'0000});
    tree.Begin("chosen");
    fill(tree);
    tree.End();
    tree.End();
  });
}

TEST(DeviceTreeChosen, IsRefusedWhenItContradictsItself) {
  ExpectChosenFault("initrd upside down", TreeFault::kBadInitrd, [](TreeWriter& tree) {
    tree.Cells("linux,initrd-start", {0x4900'0000});
    tree.Cells("linux,initrd-end", {0x4800'0000});
  });
  ExpectChosenFault("initrd without end", TreeFault::kBadInitrd, [](TreeWriter& tree) {
    tree.Cells("linux,initrd-start", {0x4900'0000});
  });
  ExpectChosenFault("initrd of three cells", TreeFault::kBadInitrd, [](TreeWriter& tree) {
    tree.Cells("linux,initrd-start", {0, 0, 0x4800'0000});
    tree.Cells("linux,initrd-end", {0, 0, 0x4900'0000});
  });
  ExpectChosenFault("unterminated command line", TreeFault::kCommandLineTooLong,
                    [](TreeWriter& tree) { tree.Bytes("bootargs", "test"); });
  const std::string longest(DeviceTree::kMaxCommandLine, 'x');
  ExpectChosenFault("one character too many", TreeFault::kCommandLineTooLong,
                    [&](TreeWriter& tree) { tree.Text("bootargs", (longest + "x").c_str()); });

  TreeWriter writer;
  const auto bytes = Board(writer, [&](TreeWriter& tree) {
    tree.Begin("chosen");
    tree.Text("bootargs", longest.c_str());
    tree.End();
  });
  DeviceTree tree;
  ASSERT_TRUE(tree.ReadFrom(bytes, kUsable).has_value());
  EXPECT_EQ(tree.command_line(), longest);
}

}  // namespace
}  // namespace arch::arm
