#include "userspace/drivers/tree/device_tree_walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "arch/arm/firmware/tree_writer.h"

namespace drivers {
namespace {

using arch::arm::TreeWriter;
using base::Error;

// A board with one device, as `fill` says.
template <class Fill>
base::Result<DeviceList> Find(Fill fill) {
  TreeWriter tree;
  tree.Begin("");
  tree.Cells("#address-cells", {2});
  tree.Cells("#size-cells", {2});
  fill(tree);
  tree.End();
  DeviceList devices;
  TRY(FindTreeDevices(tree.Finish(), devices));
  return devices;
}

struct Node {
  const char* name;
  const char* compatible;
  std::vector<uint32_t> reg;
  std::vector<uint32_t> interrupts;
  const char* status = nullptr;
};

void Write(TreeWriter& tree, const Node& node) {
  tree.Begin(node.name);
  tree.Text("compatible", node.compatible);
  if (node.status != nullptr) tree.Text("status", node.status);
  if (!node.reg.empty()) tree.Cells("reg", node.reg);
  if (!node.interrupts.empty()) tree.Cells("interrupts", node.interrupts);
  tree.End();
}

TEST(DeviceTreeWalkTest, FindsWhatHasADriver) {
  const auto devices = Find([](TreeWriter& tree) {
    Write(tree, {"virtio_mmio@a000000", "virtio,mmio", {0, 0xA000000, 0, 0x200}, {0, 16, 1}});
    Write(tree, {"pl031@9010000", "arm,pl031", {0, 0x9010000, 0, 0x1000}, {0, 2, 4}});
    Write(tree, {"pl061@9030000", "arm,pl061", {0, 0x9030000, 0, 0x1000}, {0, 7, 4}});
    Write(tree, {"virtio_mmio@a000200", "virtio,mmio", {0, 0xA000200, 0, 0x200}, {0, 17, 1}});
  });
  ASSERT_TRUE(devices.has_value());
  ASSERT_EQ(devices->all().size(), 3u);
  const DeviceDescription& clock = devices->all()[0];
  EXPECT_EQ(clock.kind, DeviceKind::kClockPl031);
  EXPECT_STREQ(clock.name.data(), "pl031@9010000");
  EXPECT_EQ(clock.line, 2u);
  EXPECT_EQ(clock.trigger, LineTrigger::kLevel);
  ASSERT_EQ(clock.window_count, 1u);
  EXPECT_EQ(clock.windows[0].base, 0x9010000u);
  EXPECT_EQ(clock.windows[0].size_bytes, 0x1000u);
  const DeviceDescription& last = devices->all()[2];
  EXPECT_EQ(last.kind, DeviceKind::kVirtioMmio);
  EXPECT_EQ(last.line, 17u);
  EXPECT_EQ(last.trigger, LineTrigger::kEdge);
  EXPECT_EQ(last.windows[0].base, 0xA000200u);
}

TEST(DeviceTreeWalkTest, NodesAreJudged) {
  struct Row {
    const char* name;
    Node node;
    size_t found;
    uint32_t line;
  };
  const Row rows[] = {
      {"no registers", {"a", "arm,pl011", {}, {0, 1, 4}}, 0, 0},
      {"empty ones", {"a", "arm,pl011", {0, 0x1000, 0, 0}, {0, 1, 4}}, 0, 0},
      {"half a pair", {"a", "arm,pl011", {0, 0x1000, 0}, {0, 1, 4}}, 0, 0},
      {"past the last address",
       {"a", "arm,pl011", {0xFFFF'FFFF, 0xFFFF'F000, 0, 0x1001}, {0, 1, 4}},
       0,
       0},
      {"up to it", {"a", "arm,pl011", {0xFFFF'FFFF, 0xFFFF'F000, 0, 0x1000}, {0, 1, 4}}, 1, 1},
      {"more than 4 GiB of them", {"a", "arm,pl011", {0, 0, 1, 0}, {0, 1, 4}}, 0, 0},
      {"switched off", {"a", "arm,pl011", {0, 0x1000, 0, 0x1000}, {0, 1, 4}, "disabled"}, 0, 0},
      {"no interrupt", {"a", "arm,pl011", {0, 0x1000, 0, 0x1000}, {}}, 1, kNoLine},
      {"a private one", {"a", "arm,pl011", {0, 0x1000, 0, 0x1000}, {1, 3, 4}}, 1, kNoLine},
      {"two cells of it", {"a", "arm,pl011", {0, 0x1000, 0, 0x1000}, {0, 3}}, 1, kNoLine},
      {"a falling edge", {"a", "arm,pl011", {0, 0x1000, 0, 0x1000}, {0, 3, 2}}, 1, kNoLine},
  };
  for (const Row& row : rows) {
    const auto devices = Find([&](TreeWriter& tree) { Write(tree, row.node); });
    ASSERT_TRUE(devices.has_value()) << row.name;
    ASSERT_EQ(devices->all().size(), row.found) << row.name;
    if (row.found != 0) {
      EXPECT_EQ(devices->all()[0].line, row.line) << row.name;
    }
  }
}

TEST(DeviceTreeWalkTest, MoreThanThereIsRoomFor) {
  const auto devices = Find([](TreeWriter& tree) {
    for (uint32_t i = 0; i <= DeviceList::kMaxDevices; ++i) {
      const std::string name = "v@" + std::to_string(i);
      Write(tree, {name.c_str(), "virtio,mmio", {0, 0x1000 * i, 0, 0x200}, {0, i, 1}});
    }
  });
  EXPECT_EQ(devices.error(), Error::kOutOfMemory);
}

// Whatever byte is wrong: an answer, and nothing read behind the end.
TEST(DeviceTreeWalkTest, BrokenTrees) {
  TreeWriter tree;
  tree.Begin("");
  tree.Cells("#address-cells", {2});
  tree.Cells("#size-cells", {2});
  Write(tree, {"pl031@9010000", "arm,pl031", {0, 0x9010000, 0, 0x1000}, {0, 2, 4}});
  tree.End();
  const std::span<std::byte> bytes = tree.Finish();
  DeviceList devices;
  EXPECT_EQ(FindTreeDevices(bytes.subspan(4), devices).error(), Error::kNotAligned);
  for (size_t size = 0; size < bytes.size(); ++size) {
    // A copy that ends where it ends, so that a sanitizer sees a read behind it.
    auto* const copy = new (std::align_val_t{8}) std::byte[size + 1];
    std::ranges::copy(bytes.first(size), copy);
    EXPECT_EQ(FindTreeDevices({copy, size}, devices).error(), Error::kCorrupt) << size;
    ::operator delete[](copy, std::align_val_t{8});
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const unsigned flip : {0x01U, 0x80U, 0xFFU}) {
      bytes[i] ^= std::byte(flip);
      DeviceList found;
      (void)FindTreeDevices(bytes, found);
      bytes[i] ^= std::byte(flip);
    }
  }
  EXPECT_TRUE(devices.all().empty());
}

}  // namespace
}  // namespace drivers
