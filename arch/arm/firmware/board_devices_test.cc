#include "arch/arm/firmware/board_devices.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "arch/arm/firmware/tree_writer.h"

namespace arch::arm {
namespace {

using mm::PhysAddr;

// The nodes of QEMU's virt board, each with what a row wants to be different.
struct BoardNodes {
  const char* stdout_path = "/pl011@9000000";
  const char* uart_status = "okay";
  std::vector<uint32_t> uart_interrupt = {0, 1, 4};
  const char* gic_compatible = "arm,cortex-a15-gic";
  std::vector<uint32_t> gic_reg = {0, 0x0800'0000, 0, 0x1'0000, 0, 0x0801'0000, 0, 0x1'0000};
  std::vector<uint32_t> timer_interrupts = {1, 13, 0x104, 1, 14, 0x104, 1, 11, 0x104, 1, 10, 0x104};
  const char* psci_compatible = "arm,psci-1.0";
  const char* psci_method = "hvc";
  std::function<void(TreeWriter&)> more = [](TreeWriter&) {};
};

void AddUart(TreeWriter& tree, const std::string& name, uint32_t base, const char* status,
             const std::vector<uint32_t>& interrupt) {
  tree.Begin(name.c_str());
  tree.Bytes("compatible", std::string_view("arm,pl011\0arm,primecell\0", 24));
  tree.Cells("reg", {0, base, 0, 0x1000});
  tree.Cells("interrupts", interrupt);
  tree.Text("status", status);
  tree.End();
}

std::span<const std::byte> Write(TreeWriter& tree, const BoardNodes& nodes) {
  tree.Begin("");
  tree.Cells("#address-cells", {2});
  tree.Cells("#size-cells", {2});
  tree.Begin("chosen");
  tree.Text("stdout-path", nodes.stdout_path);
  tree.End();
  nodes.more(tree);
  AddUart(tree, "pl011@9000000", 0x0900'0000, nodes.uart_status, nodes.uart_interrupt);
  tree.Begin("intc@8000000");
  tree.Text("compatible", nodes.gic_compatible);
  tree.Cells("#interrupt-cells", {3});
  tree.Cells("reg", nodes.gic_reg);
  tree.End();
  tree.Begin("timer");
  tree.Text("compatible", "arm,armv7-timer");
  tree.Cells("interrupts", nodes.timer_interrupts);
  tree.End();
  tree.Begin("psci");
  tree.Text("compatible", nodes.psci_compatible);
  tree.Text("method", nodes.psci_method);
  tree.End();
  tree.End();
  return tree.Finish();
}

constexpr BoardDevices kVirt = {
    .uart = {PhysAddr{0x0900'0000}, 0x1000},
    .uart_interrupt = 33,
    .gic_distributor = {PhysAddr{0x0800'0000}, 0x1'0000},
    .gic_cpu_interface = {PhysAddr{0x0801'0000}, 0x1'0000},
    .timer_interrupt = 27,
    .timer_hertz = 0,
    .psci = PsciConduit::kHypervisorCall,
};

void ExpectDevices(const char* row, const BoardNodes& nodes, const BoardDevices& expected) {
  TreeWriter writer;
  const auto devices = FindBoardDevices(Write(writer, nodes).data());
  ASSERT_TRUE(devices.has_value()) << row << ": " << Describe(devices.error());
  EXPECT_EQ(*devices, expected) << row;
}

void ExpectFault(const char* row, const BoardNodes& nodes, DeviceFault fault) {
  TreeWriter writer;
  const auto devices = FindBoardDevices(Write(writer, nodes).data());
  ASSERT_FALSE(devices.has_value()) << row;
  EXPECT_EQ(devices.error(), fault) << row;
}

BoardDevices VirtWith(std::function<void(BoardDevices&)> change) {
  BoardDevices devices = kVirt;
  change(devices);
  return devices;
}

TEST(BoardDevices, FindsThoseOfVirt) { ExpectDevices("virt", {}, kVirt); }

TEST(BoardDevices, TakesTheConsoleThatIsChosen) {
  const auto second = [](const char* status) {
    return [status](TreeWriter& tree) {
      AddUart(tree, "pl011@9040000", 0x0904'0000, status, {0, 8, 4});
    };
  };
  const BoardDevices on_second = VirtWith([](BoardDevices& devices) {
    devices.uart = {PhysAddr{0x0904'0000}, 0x1000};
    devices.uart_interrupt = 40;
  });
  ExpectDevices("the first in the tree is not the chosen", {.more = second("okay")}, kVirt);
  ExpectDevices("options after the path",
                {.stdout_path = "/pl011@9040000:115200n8", .more = second("okay")}, on_second);
  ExpectDevices("the chosen is disabled",
                {.stdout_path = "/pl011@9040000", .more = second("disabled")}, kVirt);
  ExpectDevices("a path to nowhere: any will do",
                {.stdout_path = "/nothing", .more = second("okay")}, on_second);
  ExpectDevices("the chosen cannot be read", {.uart_interrupt = {0}, .more = second("okay")},
                on_second);
}

TEST(BoardDevices, FollowsBusesThatTranslateNothing) {
  const auto on_bus = [](std::vector<uint32_t> ranges) {
    return [ranges](TreeWriter& tree) {
      tree.Begin("bus");
      tree.Cells("#address-cells", {2});
      tree.Cells("#size-cells", {2});
      tree.Cells("ranges", ranges);
      AddUart(tree, "pl011@1000", 0x1000, "okay", {0, 2, 4});
      tree.End();
    };
  };
  const BoardDevices from_bus = VirtWith([](BoardDevices& devices) {
    devices.uart = {PhysAddr{0x1000}, 0x1000};
    devices.uart_interrupt = 34;
  });
  ExpectDevices("the same addresses", {.stdout_path = "/bus/pl011@1000", .more = on_bus({})},
                from_bus);
  ExpectDevices("others",
                {.stdout_path = "/bus/pl011@1000", .more = on_bus({0, 0, 1, 0, 0, 0x1'0000})},
                kVirt);
}

TEST(BoardDevices, KnowsTheConduitsOfPsci) {
  const auto with = [](PsciConduit conduit) {
    return VirtWith([conduit](BoardDevices& devices) { devices.psci = conduit; });
  };
  ExpectDevices("smc", {.psci_method = "smc"}, with(PsciConduit::kSecureMonitorCall));
  ExpectDevices("0.2", {.psci_compatible = "arm,psci-0.2"}, with(PsciConduit::kHypervisorCall));
  ExpectDevices("0.1 cannot switch off", {.psci_compatible = "arm,psci"}, with(PsciConduit::kNone));
  ExpectDevices("unknown method", {.psci_method = "poke"}, with(PsciConduit::kNone));
}

TEST(BoardDevices, NamesWhatIsMissing) {
  ExpectFault("no enabled console", {.uart_status = "disabled"}, DeviceFault::kNoConsole);
  ExpectFault("no interrupt", {.uart_interrupt = {}}, DeviceFault::kNoConsole);
  ExpectFault("an interrupt of no kind", {.uart_interrupt = {2, 1, 4}}, DeviceFault::kNoConsole);
  ExpectFault("an interrupt out of range", {.uart_interrupt = {0, 988, 4}},
              DeviceFault::kNoConsole);
  ExpectFault("GICv3", {.gic_compatible = "arm,gic-v3"}, DeviceFault::kNoInterruptController);
  ExpectFault("no CPU interface", {.gic_reg = {0, 0x0800'0000, 0, 0x1'0000}},
              DeviceFault::kNoInterruptController);
  ExpectFault("empty distributor", {.gic_reg = {0, 0x0800'0000, 0, 0, 0, 0x0801'0000, 0, 0x1'0000}},
              DeviceFault::kNoInterruptController);
  ExpectFault("two timer interrupts", {.timer_interrupts = {1, 13, 4, 1, 14, 4}},
              DeviceFault::kNoTimer);
  ExpectFault("a private interrupt out of range",
              {.timer_interrupts = {1, 13, 4, 1, 14, 4, 1, 16, 4}}, DeviceFault::kNoTimer);
}

TEST(BoardDevices, BelievesTheTreeAboutTheTimersSpeed) {
  TreeWriter tree;
  tree.Begin("");
  tree.Cells("#address-cells", {2});
  tree.Cells("#size-cells", {2});
  AddUart(tree, "pl011@9000000", 0x0900'0000, "ok", {0, 1, 4});
  tree.Begin("intc");
  tree.Text("compatible", "arm,gic-400");
  tree.Cells("#interrupt-cells", {3});
  tree.Cells("reg", {0, 0x0800'0000, 0, 0x1000, 0, 0x0801'0000, 0, 0x2000});
  tree.End();
  tree.Begin("timer");
  tree.Text("compatible", "arm,armv8-timer");
  tree.Cells("interrupts", {1, 13, 4, 1, 14, 4, 1, 11, 4});
  tree.Cells("clock-frequency", {24'000'000});
  tree.End();
  tree.End();
  const auto devices = FindBoardDevices(tree.Finish().data());
  ASSERT_TRUE(devices.has_value());
  EXPECT_EQ(devices->timer_hertz, 24'000'000u);
  EXPECT_EQ(devices->psci, PsciConduit::kNone);
}

}  // namespace
}  // namespace arch::arm
