#include "tools/layoutcheck/gdb_guest.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <format>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/bits.h"
#include "tools/layoutcheck/gdb_connection.h"
#include "tools/layoutcheck/gdb_packet.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/memory_tree.h"
#include "tools/layoutcheck/register_names.h"

namespace layoutcheck {
namespace {

// QEMU's packets have 4 KiB, two digits a byte.
constexpr uint64_t kMostBytesAtOnce = 2048;
static_assert(kPageBytes % kMostBytesAtOnce == 0);

std::expected<void, std::string> WantOk(const std::expected<std::string, std::string>& answer,
                                        std::string_view problem) {
  if (!answer) return std::unexpected(answer.error());
  if (*answer != "OK") return std::unexpected(std::string(problem));
  return {};
}

// The register that only a processor with the Security Extensions has.
constexpr std::string_view kSecureConfiguration = "SCR";

}  // namespace

std::expected<std::unique_ptr<GdbGuest>, std::string> GdbGuest::Attach(std::string_view address,
                                                                       Milliseconds patience,
                                                                       Afterwards afterwards) {
  std::expected<GdbConnection, std::string> connection = GdbConnection::Open(address, patience);
  if (!connection) return std::unexpected(std::move(connection.error()));
  // From here on the guest is resumed whatever happens.
  std::unique_ptr<GdbGuest> guest(new GdbGuest(std::move(*connection), afterwards));
  if (auto described = guest->Describe(); !described) {
    return std::unexpected(std::format("{}: {}", address, described.error()));
  }
  return guest;
}

GdbGuest::~GdbGuest() {
  if (connection_.before() == Before::kStopped || afterwards_ == Afterwards::kStayStopped) return;
  // Nobody is left to tell if the guest is gone.
  (void)connection_.Ask("D");
}

std::expected<void, std::string> GdbGuest::Describe() {
  std::vector<std::string> files = {"target.xml"};
  uint32_t next_register = 0;
  for (size_t index = 0; index < files.size(); ++index) {
    const auto text = connection_.ReadDescription(files[index]);
    if (!text) return std::unexpected(text.error());
    AddDescription(*text, description_, next_register);
    files.append_range(std::exchange(description_.included, {}));
  }
  const auto tree = connection_.AskMonitor("info mtree -f");
  if (!tree) return std::unexpected(tree.error());
  tree_ = ParseMemoryTree(*tree);
  if (tree_.ram.empty()) return std::unexpected("the monitor's 'info mtree -f' shows no RAM");
  return WantOk(connection_.Ask("Qqemu.PhyMemMode:1"), "the gdb stub cannot read physical memory");
}

bool GdbGuest::HasRegister(std::string_view name) const {
  return description_.registers.contains(name);
}

std::expected<uint64_t, std::string> GdbGuest::ReadRegister(std::string_view name) {
  if (!HasRegister(name)) {
    return std::unexpected(std::format("the gdb stub has no register {}", name));
  }
  const uint32_t number = description_.registers.find(name)->second;
  const auto digits = connection_.Ask(std::format("p{:x}", number));
  if (!digits) return std::unexpected(digits.error());
  const std::optional<std::string> bytes = FromHex(*digits);
  if (!bytes || bytes->empty() || bytes->size() > sizeof(uint64_t)) {
    return std::unexpected(std::format("the gdb stub says '{}' for {}", *digits, name));
  }
  constexpr unsigned kByteBits = 8;
  uint64_t value = 0;
  for (size_t index = 0; index < bytes->size(); ++index) {
    value |= uint64_t{static_cast<uint8_t>((*bytes)[index])} << (kByteBits * index);
  }
  return value;
}

std::expected<Machine, std::string> GdbGuest::ReadMachine(unsigned cpu) {
  // QEMU numbers its processors from 1 here.
  const auto selected = WantOk(connection_.Ask(std::format("Hg{:x}", cpu + 1)),
                               std::format("the guest has no processor {}", cpu));
  if (!selected) return std::unexpected(selected.error());
  if (description_.architecture == "i386:x86-64") return ReadX86_64();
  if (description_.architecture == "arm") return ReadArm();
  return std::unexpected(
      std::format("no page tables of architecture '{}' are known; i386:x86-64 and arm are",
                  description_.architecture));
}

std::expected<Machine, std::string> GdbGuest::ReadX86_64() {
  X86_64Registers registers;
  const std::pair<uint64_t*, std::string_view> wanted[] = {{&registers.cr0, "cr0"},
                                                           {&registers.cr3, "cr3"},
                                                           {&registers.cr4, "cr4"},
                                                           {&registers.efer, "efer"}};
  for (const auto& [value, name] : wanted) {
    const auto read = ReadRegister(name);
    if (!read) return std::unexpected(read.error());
    *value = *read;
  }
  return registers;
}

std::expected<std::string_view, std::string> GdbGuest::ArmBank() {
  constexpr unsigned kNonSecure = 0;  // SCR.NS, B4.1.129
  constexpr uint64_t kMonitorMode = 0b10110;
  constexpr uint64_t kHypervisorMode = 0b11010;
  const auto status = ReadRegister("cpsr");
  if (!status) return std::unexpected(status.error());
  const uint64_t mode = Field(*status, 4, 0);
  if (mode == kHypervisorMode) {
    return std::unexpected("the processor is in Hyp mode, whose tables are not known");
  }
  if (!HasRegister(kSecureConfiguration)) return "";
  const auto configuration = ReadRegister(kSecureConfiguration);
  if (!configuration) return std::unexpected(configuration.error());
  const bool is_secure = mode == kMonitorMode || !IsSet(*configuration, kNonSecure);
  return is_secure ? "_S" : "";
}

std::expected<Machine, std::string> GdbGuest::ReadArm() {
  const auto bank = ArmBank();
  if (!bank) return std::unexpected(bank.error());
  const auto read = [&](std::string_view name, auto& value) -> std::expected<void, std::string> {
    const std::string banked = std::format("{}{}", name, *bank);
    const auto number = ReadRegister(HasRegister(banked) ? banked : name);
    if (!number) return std::unexpected(number.error());
    value = static_cast<std::remove_reference_t<decltype(value)>>(*number);
    return {};
  };
  const auto extension = [&](std::string_view name) {
    return HasRegister(name) ? Extension::kPresent : Extension::kAbsent;
  };
  ArmRegisters registers = {.security = extension(kSecureConfiguration),
                            .virtualization = extension("HCR")};
  std::expected<void, std::string> done = read("TTBR0", registers.ttbr0);
  if (done) done = read("TTBR1", registers.ttbr1);
  // QEMU's names; with short descriptors MAIR0 is PRRR, and MAIR1 NMRR.
  const std::pair<std::string_view, uint32_t*> words[] = {
      {"SCTLR", &registers.sctlr}, {"TTBCR", &registers.ttbcr}, {"DACR", &registers.dacr},
      {"MAIR0", &registers.mair0}, {"MAIR1", &registers.mair1}, {"ID_MMFR0", &registers.id_mmfr0}};
  for (const auto& [name, word] : words) {
    if (done) done = read(name, *word);
  }
  if (!done) return std::unexpected(std::move(done.error()));
  return registers;
}

std::expected<std::vector<Page>, std::string> GdbGuest::ReadPages(
    std::span<const PhysicalAddress> addresses) {
  std::vector<std::string> questions;
  for (const PhysicalAddress address : addresses) {
    for (uint64_t offset = 0; offset < kPageBytes; offset += kMostBytesAtOnce) {
      questions.push_back(std::format("m{:x},{:x}", address.value + offset, kMostBytesAtOnce));
    }
  }
  const auto answers = connection_.AskAll(questions);
  if (!answers) return std::unexpected(answers.error());
  std::vector<Page> pages(addresses.size());
  for (size_t index = 0; index < answers->size(); ++index) {
    const std::optional<std::string> bytes = FromHex((*answers)[index]);
    const uint64_t position = index * kMostBytesAtOnce;
    if (!bytes || bytes->size() != kMostBytesAtOnce) {
      return std::unexpected(std::format("the gdb stub does not read memory at {}: '{}'",
                                         Text(addresses[position / kPageBytes]),
                                         (*answers)[index]));
    }
    std::ranges::copy(*bytes, pages[position / kPageBytes].begin() + position % kPageBytes);
  }
  return pages;
}

std::expected<void, std::string> GdbGuest::Write(PhysicalAddress address,
                                                 std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return WantOk(
      connection_.Ask(std::format("M{:x},{:x}:{}", address.value, bytes.size(), ToHex(text))),
      "the gdb stub does not write memory");
}

}  // namespace layoutcheck
