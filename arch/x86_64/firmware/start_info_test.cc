#include "arch/x86_64/firmware/start_info.h"

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace arch::x86_64 {
namespace {

constexpr uint64_t kMemoryBase = 0x1000;
constexpr size_t kMemoryBytes = 0x4000;
constexpr uint64_t kInfo = 0x1ff4;  // not aligned to 8, as QEMU's
constexpr uint64_t kMap = 0x2100;
constexpr uint64_t kModules = 0x2f00;
constexpr uint64_t kCommandLine = 0x3100;
constexpr uint64_t kRoot = 0xf59a0;

// What a loader leaves, byte by byte at the offsets of Xen's start_info.h.
class Memory {
 public:
  Memory() : bytes_(kMemoryBytes) {
    Put<uint32_t>(kInfo + 0, 0x336ec578);
    Put<uint32_t>(kInfo + 4, 1);
    Put<uint32_t>(kInfo + 12, 2);
    Put<uint64_t>(kInfo + 16, kModules);
    Put<uint64_t>(kInfo + 24, kCommandLine);
    Put<uint64_t>(kInfo + 32, kRoot);
    Put<uint64_t>(kInfo + 40, kMap);
    Put<uint32_t>(kInfo + 48, 6);
    PutText(kCommandLine, "test quiet");
    PutModule(0, 0x3cfb000, 0x2dc6c0);
    PutModule(1, 0x3fd9000, 1);
    PutRange(0, 0x0, 0x9fc00, 1);
    PutRange(1, 0x9fc00, 0x400, 2);
    PutRange(2, 0x100000, 0x3ee0000, 1);
    PutRange(3, 0x3fe0000, 0x10000, 3);
    PutRange(4, 0x3ff0000, 0x10000, 4);
    PutRange(5, 0xfd00000000, 0x300000000, 7);
  }

  template <class T>
  void Put(uint64_t pa, T value) {
    std::memcpy(&bytes_.at(pa - kMemoryBase), &value, sizeof(T));
  }
  void PutText(uint64_t pa, const std::string& text) {
    std::memcpy(&bytes_.at(pa - kMemoryBase), text.c_str(), text.size() + 1);
  }
  void PutModule(size_t index, uint64_t base, uint64_t size_bytes) {
    Put(kModules + 32 * index, base);
    Put(kModules + 32 * index + 8, size_bytes);
  }
  void PutRange(size_t index, uint64_t base, uint64_t size_bytes, uint32_t type) {
    Put(kMap + 24 * index, base);
    Put(kMap + 24 * index + 8, size_bytes);
    Put(kMap + 24 * index + 16, type);
  }

  PhysicalView view() const { return {bytes_, mm::PhysAddr{kMemoryBase}}; }

 private:
  std::vector<std::byte> bytes_;
};

TEST(StartInfo, TakesWhatTheLoaderLeft) {
  StartInfo info;
  const Memory memory;
  ASSERT_TRUE(info.ReadFrom(memory.view(), mm::PhysAddr{kInfo}));
  EXPECT_EQ(info.version(), 1u);
  EXPECT_EQ(info.command_line(), "test quiet");
  EXPECT_EQ(info.acpi_root_pointer(), mm::PhysAddr{kRoot});

  ASSERT_EQ(info.modules().size(), 2u);
  EXPECT_EQ(info.modules()[0], (mm::PhysRange{mm::PhysAddr{0x3cfb000}, 0x2dc6c0}));
  EXPECT_EQ(info.modules()[1], (mm::PhysRange{mm::PhysAddr{0x3fd9000}, 1}));

  using enum mm::FirmwareKind;
  const mm::FirmwareKind kinds[] = {kRam, kReserved, kRam, kAcpiReclaimable, kAcpiNvs, kReserved};
  ASSERT_EQ(info.memory().size(), std::size(kinds));
  for (size_t i = 0; i < std::size(kinds); ++i) EXPECT_EQ(info.memory()[i].kind, kinds[i]) << i;
  EXPECT_EQ(info.memory()[2].base, mm::PhysAddr{0x100000});
  EXPECT_EQ(info.memory()[2].size_bytes, 0x3ee0000u);
}

TEST(StartInfo, HoldsNothingOfTheLoadersMemory) {
  StartInfo info;
  {
    Memory memory;
    ASSERT_TRUE(info.ReadFrom(memory.view(), mm::PhysAddr{kInfo}));
    for (uint64_t pa = kMemoryBase; pa < kMemoryBase + kMemoryBytes; ++pa) {
      memory.Put<uint8_t>(pa, 0xff);
    }
  }
  EXPECT_EQ(info.command_line(), "test quiet");
  EXPECT_EQ(info.memory()[0].size_bytes, 0x9fc00u);
  EXPECT_EQ(info.modules()[1].size_bytes, 1u);
}

TEST(StartInfo, NoModulesNoCommandLine) {
  Memory memory;
  memory.Put<uint32_t>(kInfo + 12, 0);
  memory.Put<uint64_t>(kInfo + 16, 0);
  memory.Put<uint64_t>(kInfo + 24, 0);
  StartInfo info;
  ASSERT_TRUE(info.ReadFrom(memory.view(), mm::PhysAddr{kInfo}));
  EXPECT_TRUE(info.modules().empty());
  EXPECT_TRUE(info.command_line().empty());
}

TEST(StartInfo, EmptyModulesAreNone) {
  Memory memory;
  memory.PutModule(0, 0x3cfb000, 0);
  StartInfo info;
  ASSERT_TRUE(info.ReadFrom(memory.view(), mm::PhysAddr{kInfo}));
  ASSERT_EQ(info.modules().size(), 1u);
  EXPECT_EQ(info.modules()[0].base, mm::PhysAddr{0x3fd9000});
}

TEST(StartInfo, TakesListsAtTheirLimits) {
  Memory memory;
  memory.Put<uint32_t>(kInfo + 48, StartInfo::kMaxRanges);
  memory.Put<uint32_t>(kInfo + 12, StartInfo::kMaxModules);
  for (size_t i = 0; i < StartInfo::kMaxModules; ++i) memory.PutModule(i, 0x3000000 + i, 1);
  memory.PutText(kCommandLine, std::string(StartInfo::kMaxCommandLine, 'x'));
  StartInfo info;
  ASSERT_TRUE(info.ReadFrom(memory.view(), mm::PhysAddr{kInfo}));
  EXPECT_EQ(info.memory().size(), StartInfo::kMaxRanges);
  EXPECT_EQ(info.modules().size(), StartInfo::kMaxModules);
  EXPECT_EQ(info.command_line().size(), StartInfo::kMaxCommandLine);
}

struct Broken {
  const char* name;
  std::function<void(Memory&)> change;
  StartInfoFault fault;
};

TEST(StartInfo, RefusesWhatIsBroken) {
  constexpr uint64_t kLast = kMemoryBase + kMemoryBytes - 1;
  const Broken rows[] = {
      {"magic", [](Memory& m) { m.Put<uint32_t>(kInfo, 0x336ec579); }, StartInfoFault::kBadMagic},
      {"version 0", [](Memory& m) { m.Put<uint32_t>(kInfo + 4, 0); }, StartInfoFault::kNoMemoryMap},
      {"empty map", [](Memory& m) { m.Put<uint32_t>(kInfo + 48, 0); },
       StartInfoFault::kNoMemoryMap},
      {"map at 0", [](Memory& m) { m.Put<uint64_t>(kInfo + 40, 0); },
       StartInfoFault::kMapOutOfReach},
      {"map past the end", [](Memory& m) { m.Put<uint64_t>(kInfo + 40, kLast - 24); },
       StartInfoFault::kMapOutOfReach},
      {"map at the top of the space", [](Memory& m) { m.Put<uint64_t>(kInfo + 40, ~uint64_t{7}); },
       StartInfoFault::kMapOutOfReach},
      {"one range too many",
       [](Memory& m) { m.Put<uint32_t>(kInfo + 48, StartInfo::kMaxRanges + 1); },
       StartInfoFault::kTooManyRanges},
      {"2^32-1 ranges", [](Memory& m) { m.Put<uint32_t>(kInfo + 48, ~uint32_t{0}); },
       StartInfoFault::kTooManyRanges},
      {"one module too many",
       [](Memory& m) { m.Put<uint32_t>(kInfo + 12, StartInfo::kMaxModules + 1); },
       StartInfoFault::kTooManyModules},
      {"modules out of reach", [](Memory& m) { m.Put<uint64_t>(kInfo + 16, kLast - 32); },
       StartInfoFault::kModulesOutOfReach},
      {"module wraps", [](Memory& m) { m.PutModule(1, ~uint64_t{0} - 4, 6); },
       StartInfoFault::kModuleWraps},
      {"command line too long",
       [](Memory& m) { m.PutText(kCommandLine, std::string(StartInfo::kMaxCommandLine + 1, 'x')); },
       StartInfoFault::kCommandLineTooLong},
      {"command line without an end",
       [](Memory& m) {
         m.Put<uint64_t>(kInfo + 24, kLast);
         m.Put<char>(kLast, 'x');
       },
       StartInfoFault::kCommandLineTooLong},
      {"command line out of reach",
       [](Memory& m) { m.Put<uint64_t>(kInfo + 24, uint64_t{1} << 40); },
       StartInfoFault::kCommandLineTooLong},
  };
  for (const Broken& row : rows) {
    Memory memory;
    row.change(memory);
    StartInfo info;
    const auto read = info.ReadFrom(memory.view(), mm::PhysAddr{kInfo});
    ASSERT_FALSE(read) << row.name;
    EXPECT_EQ(read.error(), row.fault) << row.name << ": " << Describe(read.error());
  }
}

TEST(StartInfo, RefusesAddressesOutsideTheView) {
  const Memory memory;
  for (const uint64_t pa : {uint64_t{0}, kMemoryBase - 1, kMemoryBase + kMemoryBytes - 55,
                            kMemoryBase + kMemoryBytes, ~uint64_t{0}}) {
    StartInfo info;
    const auto read = info.ReadFrom(memory.view(), mm::PhysAddr{pa});
    ASSERT_FALSE(read) << pa;
    EXPECT_NE(read.error(), StartInfoFault::kMapOutOfReach) << pa;
  }
}

}  // namespace
}  // namespace arch::x86_64
