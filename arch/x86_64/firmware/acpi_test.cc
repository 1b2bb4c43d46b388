#include "arch/x86_64/firmware/acpi.h"

#include <array>
#include <cstring>
#include <functional>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace arch::x86_64 {
namespace {

constexpr uint64_t kMemoryBase = 0x7000'0000;
constexpr uint64_t kRoot = kMemoryBase + 0x10;
constexpr uint64_t kRootTable = kMemoryBase + 0x101;  // nothing is aligned
constexpr uint64_t kOther = kMemoryBase + 0x201;
constexpr uint64_t kFadt = kMemoryBase + 0x303;
constexpr uint64_t kDsdt = kMemoryBase + 0x505;
constexpr size_t kMemoryBytes = 0x1000;

// What QEMU's DSDT says of S5: Name (_S5, Package (4) {Zero, Zero, Zero, Zero}).
constexpr std::array<uint8_t, 12> kQemuSleep = {0x08, 0x5f, 0x53, 0x35, 0x5f, 0x12,
                                                0x06, 0x04, 0x00, 0x00, 0x00, 0x00};

// The tables of a machine, laid down by hand; Seal() makes a table's checksum right.
class Machine {
 public:
  explicit Machine(uint8_t revision = 0) : bytes_(kMemoryBytes) {
    PutText(kRoot, "RSD PTR ");
    Put<uint8_t>(kRoot + 15, revision);
    Put<uint32_t>(kRoot + 16, kRootTable);
    Put<uint32_t>(kRoot + 20, 36);
    Put<uint64_t>(kRoot + 24, kRootTable);
    SealRoot();

    const uint64_t pointer_bytes = revision >= 2 ? 8 : 4;
    PutTable(kRootTable, revision >= 2 ? "XSDT" : "RSDT", 36 + 2 * pointer_bytes);
    Put<uint32_t>(kRootTable + 36, kOther);
    Put<uint32_t>(kRootTable + 36 + pointer_bytes, kFadt);
    PutTable(kOther, "APIC", 40);
    Seal(kOther);

    PutTable(kFadt, "FACP", revision >= 2 ? 244 : 116);
    Put<uint32_t>(kFadt + 40, kDsdt);
    Put<uint32_t>(kFadt + 48, 0xb2);
    Put<uint8_t>(kFadt + 52, 0x02);
    Put<uint32_t>(kFadt + 64, 0x604);
    if (revision >= 2) {
      Put<uint32_t>(kFadt + 112, 1 << 10);
      Put<uint8_t>(kFadt + 116, 1);
      Put<uint64_t>(kFadt + 120, 0xcf9);
      Put<uint8_t>(kFadt + 128, 0x0f);
    }
    PutTable(kDsdt, "DSDT", 36 + 64);
    std::memcpy(At(kDsdt + 50), kQemuSleep.data(), kQemuSleep.size());
    SealAll();
  }

  template <class T>
  void Put(uint64_t pa, T value) {
    std::memcpy(At(pa), &value, sizeof(T));
  }
  void PutText(uint64_t pa, std::string_view text) {
    std::memcpy(At(pa), text.data(), text.size());
  }
  void PutTable(uint64_t pa, std::string_view signature, uint32_t length) {
    PutText(pa, signature);
    Put<uint32_t>(pa + 4, length);
  }

  void Seal(uint64_t pa) {
    uint32_t length;
    std::memcpy(&length, At(pa + 4), sizeof(length));
    Balance(pa, length, pa + 9);
  }
  void SealRoot() {
    Balance(kRoot, 20, kRoot + 8);
    Balance(kRoot, 36, kRoot + 32);
  }
  void SealAll() {
    SealRoot();
    for (const uint64_t table : {kRootTable, kFadt, kDsdt}) Seal(table);
  }

  auto Read() const {
    return ReadAcpiPower({bytes_, mm::PhysAddr{kMemoryBase}}, mm::PhysAddr{kRoot});
  }

 private:
  std::byte* At(uint64_t pa) { return &bytes_.at(pa - kMemoryBase); }

  // Changes the byte at `checksum` so that the bytes from `pa` add up to 0.
  void Balance(uint64_t pa, uint32_t length, uint64_t checksum) {
    Put<uint8_t>(checksum, 0);
    uint8_t sum = 0;
    for (uint32_t i = 0; i < length; ++i) sum += std::to_integer<uint8_t>(*At(pa + i));
    Put<uint8_t>(checksum, static_cast<uint8_t>(-sum));
  }

  std::vector<std::byte> bytes_;
};

TEST(Acpi, ReadsFirstRevisionTables) {
  const auto power = Machine().Read();
  ASSERT_TRUE(power) << Describe(power.error());
  EXPECT_EQ(power->control_a_port, 0x604);
  EXPECT_EQ(power->control_b_port, 0);
  EXPECT_EQ(power->off_type_a, 0);
  EXPECT_EQ(power->off_type_b, 0);
  EXPECT_EQ(power->smi_command_port, 0xb2);
  EXPECT_EQ(power->enable_value, 2);
  EXPECT_FALSE(power->reset);
}

TEST(Acpi, ReadsSecondRevisionTables) {
  const auto power = Machine(2).Read();
  ASSERT_TRUE(power) << Describe(power.error());
  EXPECT_EQ(power->control_a_port, 0x604);
  ASSERT_TRUE(power->reset);
  EXPECT_EQ(power->reset->port, 0xcf9);
  EXPECT_EQ(power->reset->value, 0x0f);
}

TEST(Acpi, LeavesOutAResetRegisterItCannotUse) {
  const std::function<void(Machine&)> changes[] = {
      [](Machine& m) { m.Put<uint32_t>(kFadt + 112, 0); },        // not supported
      [](Machine& m) { m.Put<uint8_t>(kFadt + 116, 0); },         // in memory
      [](Machine& m) { m.Put<uint64_t>(kFadt + 120, 0x10000); },  // not a port
      [](Machine& m) { m.Put<uint64_t>(kFadt + 120, 0); },        // nowhere
      [](Machine& m) { m.PutTable(kFadt, "FACP", 128); },         // table too short
  };
  for (const auto& change : changes) {
    Machine machine(2);
    change(machine);
    machine.SealAll();
    const auto power = machine.Read();
    ASSERT_TRUE(power);
    EXPECT_FALSE(power->reset) << &change - changes;
  }
}

struct Broken {
  const char* name;
  std::function<void(Machine&)> change;
  AcpiFault fault;
};

TEST(Acpi, RefusesWhatIsBroken) {
  const Broken rows[] = {
      {"root signature",
       [](Machine& m) {
         m.PutText(kRoot, "RSD PTX ");
         m.SealAll();
       },
       AcpiFault::kBadRootPointer},
      {"root checksum", [](Machine& m) { m.Put<uint8_t>(kRoot + 8, 0x55); },
       AcpiFault::kBadRootPointer},
      {"root table out of reach",
       [](Machine& m) {
         m.Put<uint32_t>(kRoot + 16, 0x10);
         m.SealAll();
       },
       AcpiFault::kOutOfReach},
      {"root table signature",
       [](Machine& m) {
         m.PutText(kRootTable, "XSDT");
         m.SealAll();
       },
       AcpiFault::kBadTable},
      {"root table checksum", [](Machine& m) { m.Put<uint8_t>(kRootTable + 9, 0x55); },
       AcpiFault::kBadTable},
      {"root table without entries",
       [](Machine& m) {
         m.PutTable(kRootTable, "RSDT", 36);
         m.SealAll();
       },
       AcpiFault::kNoFadt},
      {"half an entry",
       [](Machine& m) {
         m.PutTable(kRootTable, "RSDT", 43);
         m.SealAll();
       },
       AcpiFault::kNoFadt},
      {"root table shorter than its header",
       [](Machine& m) {
         m.PutTable(kRootTable, "RSDT", 35);
         m.SealAll();
       },
       AcpiFault::kBadTable},
      {"FADT checksum", [](Machine& m) { m.Put<uint8_t>(kFadt + 9, 0x55); }, AcpiFault::kBadTable},
      {"FADT shorter than its fields",
       [](Machine& m) {
         m.PutTable(kFadt, "FACP", 112);
         m.SealAll();
       },
       AcpiFault::kBadTable},
      {"FADT past the end", [](Machine& m) { m.Put<uint32_t>(kFadt + 4, kMemoryBytes); },
       AcpiFault::kOutOfReach},
      {"FADT of 4 GiB", [](Machine& m) { m.Put<uint32_t>(kFadt + 4, ~uint32_t{0}); },
       AcpiFault::kBadTable},
      {"no control port",
       [](Machine& m) {
         m.Put<uint32_t>(kFadt + 64, 0);
         m.SealAll();
       },
       AcpiFault::kNoPowerControl},
      {"control port of 17 bits",
       [](Machine& m) {
         m.Put<uint32_t>(kFadt + 64, 0x10604);
         m.SealAll();
       },
       AcpiFault::kNoPowerControl},
      {"DSDT out of reach",
       [](Machine& m) {
         m.Put<uint32_t>(kFadt + 40, 0);
         m.SealAll();
       },
       AcpiFault::kOutOfReach},
      {"DSDT checksum", [](Machine& m) { m.Put<uint8_t>(kDsdt + 60, 0x55); }, AcpiFault::kBadTable},
      {"no S5",
       [](Machine& m) {
         m.PutText(kDsdt + 51, "_S4_");
         m.SealAll();
       },
       AcpiFault::kNoSleepState},
  };
  for (const Broken& row : rows) {
    Machine machine;
    row.change(machine);
    const auto power = machine.Read();
    ASSERT_FALSE(power) << row.name;
    EXPECT_EQ(power.error(), row.fault) << row.name << ": " << Describe(power.error());
  }
}

TEST(Acpi, RefusesNoRootPointer) {
  const auto power = ReadAcpiPower({{}, mm::PhysAddr{0}}, mm::PhysAddr{0});
  ASSERT_FALSE(power);
  EXPECT_EQ(power.error(), AcpiFault::kNoRootPointer);
}

struct ByteCode {
  const char* name;
  std::vector<uint8_t> bytes;
  std::optional<SleepTypes> types;
};

TEST(Acpi, FindsSleepTypes) {
  const ByteCode rows[] = {
      {"QEMU", {kQemuSleep.begin(), kQemuSleep.end()}, SleepTypes{0, 0}},
      {"byte constants",
       {0x08, '_', 'S', '5', '_', 0x12, 0x08, 0x04, 0x0a, 0x05, 0x0a, 0x07, 0x00, 0x00},
       SleepTypes{5, 7}},
      {"one and zero, length in two bytes",
       {0x08, '_', 'S', '5', '_', 0x12, 0x47, 0x00, 0x02, 0x01, 0x00},
       SleepTypes{1, 0}},
      {"a use of the name first",
       {0x08, '_', 'S', '5', '_', 0x70, 0x08, '_', 'S', '5', '_', 0x12, 0x04, 0x02, 0x01, 0x01},
       SleepTypes{1, 1}},
      {"not a name", {'_', 'S', '5', '_', 0x12, 0x04, 0x02, 0x01, 0x01}, std::nullopt},
      {"type of four bits",
       {0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x02, 0x0a, 0x08, 0x00},
       std::nullopt},
      {"one element", {0x08, '_', 'S', '5', '_', 0x12, 0x03, 0x01, 0x00}, std::nullopt},
      {"cut off", {0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x00}, std::nullopt},
      {"cut off in the length", {0x08, '_', 'S', '5', '_', 0x12, 0xc0, 0x04}, std::nullopt},
      {"cut off after the name", {0x08, '_', 'S', '5', '_'}, std::nullopt},
      {"empty", {}, std::nullopt},
  };
  for (const ByteCode& row : rows) {
    const auto types = FindOffSleepTypes(std::as_bytes(std::span(row.bytes)));
    ASSERT_EQ(types.has_value(), row.types.has_value()) << row.name;
    if (!types) continue;
    EXPECT_EQ(types->a, row.types->a) << row.name;
    EXPECT_EQ(types->b, row.types->b) << row.name;
  }
}

}  // namespace
}  // namespace arch::x86_64
