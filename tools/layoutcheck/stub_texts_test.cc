// What a stub and a monitor say of a machine, in QEMU's own words.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/memory_tree.h"
#include "tools/layoutcheck/register_names.h"

namespace layoutcheck {
namespace {

TEST(RegisterNames, Files) {
  TargetDescription description;
  uint32_t next = 0;
  AddDescription(R"(<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target>)"
                 R"(<architecture>arm</architecture><xi:include href="arm-core.xml"/>)"
                 R"(<xi:include href="system-registers.xml"/></target>)",
                 description, next);
  EXPECT_EQ(description.architecture, "arm");
  EXPECT_EQ(description.included,
            (std::vector<std::string>{"arm-core.xml", "system-registers.xml"}));
  EXPECT_TRUE(description.registers.empty());
}

TEST(RegisterNames, Numbers) {
  TargetDescription description;
  uint32_t next = 0;
  AddDescription(R"(<feature name="a">
    <!-- <reg name="commented" bitsize="32"/>
    <reg name="too" bitsize="32"/> -->
    <reg name="r0" bitsize="32"/>
    <reg name="r1" bitsize="32"/>
    <flags id="f" size="4"><field name="M" start="0" end="0"/></flags>
    <reg name="cpsr" bitsize="32" regnum="25"/></feature>)",
                 description, next);
  AddDescription(R"(<feature><reg name="d0" bitsize="64"/>)"
                 R"(<reg name="TTBR0" bitsize="64" regnum="152" group="cp_regs"/></feature>)",
                 description, next);
  const std::map<std::string, uint32_t, std::less<>> wanted = {
      {"r0", 0}, {"r1", 1}, {"cpsr", 25}, {"d0", 26}, {"TTBR0", 152}};
  EXPECT_EQ(description.registers, wanted);
}

TEST(RegisterNames, BrokenTexts) {
  for (const std::string_view text :
       {"", "<", "<reg", "<reg ", "<reg name=\"a", "<!-- <reg name=\"a\"/>", "<reg >"}) {
    TargetDescription description;
    uint32_t next = 0;
    AddDescription(text, description, next);
    EXPECT_TRUE(description.registers.empty()) << text;
  }
}

constexpr std::string_view kTree =
    "FlatView #0\r\n"
    " AS \"I/O\", root: io\r\n"
    " Root memory region: io\r\n"
    "  0000000000000000-000000000000ffff (prio 0, ram): no memory\r\n"
    "\r\n"
    "FlatView #1\r\n"
    " AS \"memory\", root: system\r\n"
    " AS \"cpu-memory-0\", root: system\r\n"
    " Root memory region: system\r\n"
    "  0000000000000000-00000000000c2fff (prio 0, ram): pc.ram\r\n"
    "  00000000000c3000-00000000000e7fff (prio 0, rom): pc.ram @00000000000c3000\r\n"
    "  00000000000e8000-00000000000effff (prio 0, ram): pc.ram @00000000000e8000\r\n"
    "  0000000000100000-000000001fffffff (prio 0, ram): pc.ram @0000000000100000\r\n"
    "  00000000febff000-00000000febfffff (prio 1, i/o): ahci\r\n"
    "\r\n"
    "FlatView #2\r\n"
    " AS \"other\", root: bus\r\n"
    "  0000000040000000-000000005fffffff (prio 0, ram): pc.ram\r\n";

TEST(MemoryTree, RamAndMemory) {
  const MemoryTree tree = ParseMemoryTree(kTree);
  const std::vector<PhysicalRange> ram = {
      {{0}, {0xC2FFF}}, {{0xE8000}, {0xEFFFF}}, {{0x100000}, {0x1FFFFFFF}}};
  const std::vector<PhysicalRange> memory = {{{0}, {0xEFFFF}}, {{0x100000}, {0x1FFFFFFF}}};
  EXPECT_EQ(tree.ram, ram);
  EXPECT_EQ(tree.memory, memory);
}

TEST(MemoryTree, BrokenTexts) {
  for (const std::string_view line :
       {"", "  0000000000000000", "  000000000000000g-0000000000000001 (prio 0, ram): a",
        "  0000000000000001-0000000000000000 (prio 0, ram): a",
        "  0000000000000000-0000000000000fff",
        "  0000000000000000-0000000000000fff (prio 0 ram) a"}) {
    const MemoryTree tree =
        ParseMemoryTree(std::string(" AS \"memory\", root: a\n") + std::string(line));
    EXPECT_TRUE(tree.ram.empty()) << line;
  }
}

}  // namespace
}  // namespace layoutcheck
