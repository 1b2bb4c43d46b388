// What the tree says beside memory: reservations, command line, initrd.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "arch/arm/firmware/device_tree.h"
#include "arch/arm/firmware/tree_board.h"
#include "arch/arm/firmware/tree_writer.h"

namespace arch::arm {
namespace {

using mm::PhysAddr;
using mm::PhysRange;

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

TEST(DeviceTreeChosen, GivesTheSeed) {
  for (const size_t cells : {0U, 1U, 8U, 9U}) {
    TreeWriter writer;
    const auto bytes = Board(writer, [cells](TreeWriter& tree) {
      tree.Begin("chosen");
      if (cells == 1) tree.Cells("rng-seed", {0x01020304});
      if (cells == 8) tree.Cells("rng-seed", {1, 2, 3, 4, 5, 6, 7, 0x01020304});
      if (cells == 9) tree.Cells("rng-seed", {1, 2, 3, 4, 5, 6, 7, 0x01020304, 9});
      tree.End();
    });
    DeviceTree tree;
    ASSERT_TRUE(tree.ReadFrom(bytes, kUsable).has_value());
    const size_t last = cells == 1 ? 3 : 31;
    EXPECT_EQ(tree.seed()[last], std::byte(cells == 0 ? 0 : 4)) << cells;
    EXPECT_EQ(tree.seed()[last - 3], std::byte(cells == 0 ? 0 : 1)) << cells;
  }
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
  ExpectChosenFault("initrd without end", TreeFault::kBadInitrd,
                    [](TreeWriter& tree) { tree.Cells("linux,initrd-start", {0x4900'0000}); });
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
