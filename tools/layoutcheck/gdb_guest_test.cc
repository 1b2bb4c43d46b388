#include "tools/layoutcheck/gdb_guest.h"

#include <algorithm>
#include <format>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gtest/gtest.h"
#include "tools/layoutcheck/fake_stub.h"
#include "tools/layoutcheck/gdb_packet.h"
#include "tools/layoutcheck/machine.h"

namespace layoutcheck {
namespace {

constexpr Milliseconds kPatience{30'000};
// For stubs that do not answer.
constexpr Milliseconds kLittlePatience{300};
constexpr std::string_view kTree =
    " AS \"memory\", root: system\r\n"
    "  0000000000000000-0000000000001fff (prio 0, ram): ram\r\n";
constexpr std::string_view kQuestionOfTree = "info mtree -f";

std::string Packet(std::string_view payload) { return "+" + EncodePacket(payload); }

std::string QuestionOf(std::string_view file) {
  return std::format("qXfer:features:read:{}:0,ff0", file);
}

// A guest of x86_64 with two pages of memory.
FakeStub::Answers GoodAnswers() {
  return {
      {"qSupported:xmlRegisters=i386,arm", {Packet("PacketSize=1000;qXfer:features:read+")}},
      {QuestionOf("target.xml"),
       {Packet("l<target><architecture>i386:x86-64</architecture>"
               "<xi:include href=\"core.xml\"/></target>")}},
      {QuestionOf("core.xml"),
       {Packet("l<feature><reg name=\"cr0\"/><reg name=\"cr3\"/><reg name=\"cr4\"/>"
               "<reg name=\"efer\" regnum=\"16\"/></feature>")}},
      {"qRcmd," + ToHex(kQuestionOfTree),
       {Packet("O" + ToHex(kTree.substr(0, 40))), Packet("O" + ToHex(kTree.substr(40))),
        Packet("OK")}},
      {"Qqemu.PhyMemMode:1", {Packet("OK")}},
      {"Hg1", {Packet("OK")}},
      {"Hg2", {Packet("E22")}},
      {"p0", {Packet("1100018000000000")}},
      {"p1", {Packet("0010000000000000")}},
      {"p2", {Packet("a010000000000000")}},
      {"p10", {Packet("000d000000000000")}},
      {"D", {Packet("OK")}},
      {"m1000,800", {Packet(std::string(4096, '1'))}},
      {"m1800,800", {Packet(std::string(4096, '2'))}},
  };
}

// A socket's path is short, and tests may run where their directory's is not.
std::string SocketPath() {
  const std::string directory = testing::TempDir();
  if (::chdir(directory.c_str()) != 0) ADD_FAILURE() << directory;
  return "stub";
}

auto Attach(FakeStub& stub, Afterwards afterwards = Afterwards::kResume,
            Milliseconds patience = kPatience) {
  return GdbGuest::Attach(stub.address(), patience, afterwards);
}

TEST(GdbGuest, ReadsAMachine) {
  FakeStub stub(SocketPath(), Packet("T02thread:01;"), GoodAnswers());
  {
    const auto guest = Attach(stub);
    ASSERT_TRUE(guest.has_value()) << guest.error();
    const auto machine = (*guest)->ReadMachine(0);
    ASSERT_TRUE(machine.has_value()) << machine.error();
    const auto& registers = std::get<X86_64Registers>(*machine);
    EXPECT_EQ(registers.cr0, 0x80010011u);
    EXPECT_EQ(registers.cr3, 0x1000u);
    EXPECT_EQ(registers.cr4, 0x10A0u);
    EXPECT_EQ(registers.efer, 0xD00u);
    ASSERT_EQ((*guest)->Ram().size(), 1u);
    EXPECT_EQ((*guest)->Ram()[0], (PhysicalRange{{0}, {0x1FFF}}));
    const PhysicalAddress page[] = {{0x1000}};
    const auto pages = (*guest)->ReadPages(page);
    ASSERT_TRUE(pages.has_value()) << pages.error();
    EXPECT_EQ((*pages)[0][0x7FF], 0x11);
    EXPECT_EQ((*pages)[0][0x800], 0x22);
    EXPECT_EQ((*guest)->ReadMachine(1).error(), "the guest has no processor 1");
  }
  EXPECT_EQ(stub.Wait().back(), "D");
}

struct EndRow {
  std::string_view name;
  std::string greeting;
  Afterwards afterwards;
  bool resumed;
};

TEST(GdbGuest, ResumesOnlyWhatRan) {
  const EndRow rows[] = {
      {"ran", Packet("T02thread:01;"), Afterwards::kResume, true},
      {"was stopped", "", Afterwards::kResume, false},
      {"ran and is to stop", Packet("T02thread:01;"), Afterwards::kStayStopped, false},
      {"was stopped and is to stop", "", Afterwards::kStayStopped, false},
  };
  for (const EndRow& row : rows) {
    FakeStub stub(SocketPath(), row.greeting, GoodAnswers());
    {
      EXPECT_TRUE(Attach(stub, row.afterwards).has_value()) << row.name;
    }
    EXPECT_EQ(std::ranges::contains(stub.Wait(), "D"), row.resumed) << row.name;
  }
}

struct BadRow {
  std::string_view name;
  std::string question;
  std::vector<std::string> answer;
  std::string_view problem;  // part of it
  Milliseconds patience = kPatience;
};

const BadRow kBadRows[] = {
    {"no gdb stub",
     "qSupported:xmlRegisters=i386,arm",
     {"hello\n"},
     "silent for 300 ms",
     kLittlePatience},
    {"a stub without descriptions",
     "qSupported:xmlRegisters=i386,arm",
     {Packet("PacketSize=1000")},
     "no gdb stub that describes its registers"},
    {"a wrong checksum",
     "qSupported:xmlRegisters=i386,arm",
     {"$OK#00"},
     "a packet with a wrong checksum"},
    {"no description", QuestionOf("target.xml"), {Packet("E00")}, "the gdb stub has no target.xml"},
    {"no file of it", QuestionOf("core.xml"), {Packet("E00")}, "the gdb stub has no core.xml"},
    {"silence", QuestionOf("core.xml"), {}, "silent for 300 ms", kLittlePatience},
    {"no monitor", "qRcmd," + ToHex(kQuestionOfTree), {Packet("")}, "the gdb stub has no monitor"},
    {"an odd monitor", "qRcmd," + ToHex(kQuestionOfTree), {Packet("Oxyz")}, "no hexadecimal"},
    {"no RAM", "qRcmd," + ToHex(kQuestionOfTree), {Packet("OK")}, "shows no RAM"},
    {"no physical memory", "Qqemu.PhyMemMode:1", {Packet("")}, "cannot read physical memory"},
    {"an unknown architecture",
     QuestionOf("target.xml"),
     {Packet("l<architecture>riscv:rv64</architecture>")},
     "no page tables of architecture 'riscv:rv64' are known"},
    {"no registers",
     QuestionOf("core.xml"),
     {Packet("l<feature></feature>")},
     "the gdb stub has no register cr0"},
    {"a register without a value", "p1", {Packet("E14")}, "the gdb stub says 'E14' for cr3"},
    {"a register too wide", "p1", {Packet("000102030405060708")}, "for cr3"},
    {"memory that cannot be read",
     "m1800,800",
     {Packet("E14")},
     "does not read memory at 0x0000000000001000: 'E14'"},
    {"too little memory", "m1800,800", {Packet("00")}, "does not read memory"},
};

// The first problem on the way to a page.
std::string ProblemOf(FakeStub& stub, Milliseconds patience) {
  const auto guest = Attach(stub, Afterwards::kResume, patience);
  if (!guest) return guest.error();
  const auto machine = (*guest)->ReadMachine(0);
  if (!machine) return machine.error();
  const PhysicalAddress page[] = {{0x1000}};
  const auto pages = (*guest)->ReadPages(page);
  return pages ? "none" : pages.error();
}

TEST(GdbGuest, BadStubs) {
  for (const BadRow& row : kBadRows) {
    FakeStub::Answers answers = GoodAnswers();
    answers[row.question] = row.answer;
    FakeStub stub(SocketPath(), "", answers);
    const std::string problem = ProblemOf(stub, row.patience);
    EXPECT_TRUE(problem.contains(row.problem)) << row.name << ": " << problem;
  }
}

TEST(GdbGuest, NobodyThere) {
  SocketPath();
  EXPECT_EQ(GdbGuest::Attach("unix:nobody", kPatience, Afterwards::kResume).error(),
            "unix:nobody: No such file or directory");
  EXPECT_TRUE(GdbGuest::Attach("unix:", kPatience, Afterwards::kResume)
                  .error()
                  .starts_with("unix:: a socket's path has 1 to 107 bytes"));
  EXPECT_TRUE(GdbGuest::Attach("unix:" + std::string(108, 'a'), kPatience, Afterwards::kResume)
                  .error()
                  .ends_with("use a relative one"));
  EXPECT_TRUE(GdbGuest::Attach("127.0.0.1:port", kPatience, Afterwards::kResume)
                  .error()
                  .starts_with("127.0.0.1:port: "));
}

}  // namespace
}  // namespace layoutcheck
