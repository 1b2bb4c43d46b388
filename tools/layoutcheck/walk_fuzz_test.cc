// Whatever registers and tables a guest has, a walk ends, and what it finds can be checked.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/check.h"
#include "tools/layoutcheck/guest_memory.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/mapping.h"
#include "tools/layoutcheck/rights.h"
#include "tools/layoutcheck/table_walk.h"

namespace {

using namespace layoutcheck;  // NOLINT(google-build-using-namespace)

// A few pages, which repeat what the input has.
class InputMemory final : public PageSource {
 public:
  explicit InputMemory(std::span<const uint8_t> input) : input_(input) {}

  std::span<const PhysicalRange> Memory() const override { return kMemory; }

  std::expected<std::vector<Page>, std::string> ReadPages(
      std::span<const PhysicalAddress> addresses) override {
    std::vector<Page> pages(addresses.size());
    if (input_.empty()) return pages;
    for (size_t index = 0; index < pages.size(); ++index) {
      // Every page begins elsewhere in the input, and only its first entries are set.
      const size_t start = addresses[index].value / kPageBytes * kStride % input_.size();
      const std::span<const uint8_t> part = input_.subspan(start);
      std::ranges::copy(part.first(std::min(part.size(), kPageBytes)), pages[index].begin());
    }
    return pages;
  }

 private:
  static constexpr size_t kStride = 16;
  static constexpr std::array<PhysicalRange, 1> kMemory = {PhysicalRange{{0}, {0xFFFF}}};

  std::span<const uint8_t> input_;
};

template <class Registers>
Registers Take(std::span<const uint8_t>& input) {
  Registers registers;
  const size_t bytes = std::min(sizeof(registers), input.size());
  std::memcpy(static_cast<void*>(&registers), input.data(), bytes);
  input = input.subspan(bytes);
  return registers;
}

Machine MakeMachine(std::span<const uint8_t>& input) {
  if (!input.empty() && input.front() % 2 == 0) {
    X86_64Registers x86_64 = Take<X86_64Registers>(input);
    x86_64.cr0 |= uint64_t{1} << 31;
    x86_64.efer |= uint64_t{1} << 10;
    x86_64.cr3 %= 0x1'0000;
    return x86_64;
  }
  std::array<uint32_t, 9> words = Take<std::array<uint32_t, 9>>(input);
  return ArmRegisters{.sctlr = words[0] | 1,
                      .ttbcr = words[1],
                      .ttbr0 = words[2] % 0x1'0000,
                      .ttbr1 = words[3] % 0x1'0000,
                      .dacr = words[4],
                      .mair0 = words[5],
                      .mair1 = words[6],
                      .id_mmfr0 = words[7],
                      .security = words[8] % 2 == 0 ? Extension::kAbsent : Extension::kPresent};
}

// Regions with every rule, over a part of each machine's space.
const Layout& EveryRule() {
  static const Layout kLayout = {.name = "fuzz",
                                 .digest = "",
                                 .address_bits = 48,
                                 .high_bits = HighBits::kSign,
                                 .regions = {{.name = "unused",
                                              .first = {0},
                                              .last = {0xFFF},
                                              .user = Rights::kNone,
                                              .kernel = Rights::kNone,
                                              .service = Service::kUnused},
                                             {.name = "direct",
                                              .first = {0x1000},
                                              .last = {0x3F'FFFF},
                                              .user = Rights::kNone,
                                              .kernel = Rights::kAll,
                                              .service = Service::kDirectMap,
                                              .reach = Reach::kGlobal,
                                              .caching = Caching::kNormal},
                                             {.name = "areas",
                                              .first = {0x40'1000},
                                              .last = {~uint64_t{0}},
                                              .user = Rights::kRead,
                                              .kernel = Rights::kAll,
                                              .guards = Guards::kAround,
                                              .caching = Caching::kMixed}},
                                 .direct_map_target = PhysicalAddress{0x1000},
                                 .image_link_base = VirtualAddress{0x2000},
                                 .image_load_base = PhysicalAddress{0x2000}};
  return kLayout;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::span<const uint8_t> input(data, size);
  const Machine machine = MakeMachine(input);
  InputMemory source(input);
  GuestMemory memory(source);
  MappingCollector collector;
  const auto walked = WalkTables(
      machine, memory, [&](const Mapping& mapping, PhysicalAddress) { collector.Add(mapping); });
  if (!walked) return 0;
  const std::vector<Mapping> runs = collector.TakeRuns();
  for (size_t index = 1; index < runs.size(); ++index) {
    if (runs[index].first <= runs[index - 1].last()) __builtin_trap();
  }
  (void)CheckLayout(
      {.layout = EveryRule(), .ram = source.Memory(), .runs = runs, .walk_faults = walked->faults});
  return 0;
}
