#include "arch/ops/processor_text.h"

#include <array>
#include <bit>
#include <cstdint>
#include <initializer_list>

#include "arch/ops/control_registers.h"
#include "arch/ops/cpu.h"
#include "arch/x86_64/facts/registers.h"
#include "kernel/base/bits.h"

namespace arch {
namespace {

using namespace arch::x86_64;

using Word = std::array<char, sizeof(uint32_t)>;

// Text in registers, up to the first 0.
void PrintWords(base::Sink& sink, std::initializer_list<uint32_t> words) {
  for (const uint32_t word : words) {
    for (const char character : std::bit_cast<Word>(word)) {
      if (character == '\0') return;
      sink.Write({&character, 1});
    }
  }
}

// SDM vol. 2A, CPUID, figure 3-6: the extended fields count where the short ones are full.
struct Version {
  explicit Version(uint32_t eax) : stepping(eax & 0xF) {
    const uint64_t short_family = base::Field{8, 4}.Extract(eax);
    family = short_family + (short_family == 0xF ? base::Field{20, 8}.Extract(eax) : 0);
    const bool has_long_model = short_family == 0x6 || short_family == 0xF;
    model = base::Field{4, 4}.Extract(eax) +
            (has_long_model ? base::Field{16, 4}.Extract(eax) << 4 : 0);
  }
  uint64_t family;
  uint64_t model;
  uint64_t stepping;
};

void PrintModelName(base::Sink& sink) {
  if (Cpuid(cpuid::kHighestExtendedLeaf).eax < cpuid::kLastNameLeaf) {
    sink.Write("unknown");
    return;
  }
  for (uint32_t leaf = cpuid::kFirstNameLeaf; leaf <= cpuid::kLastNameLeaf; ++leaf) {
    const CpuidResult part = Cpuid(leaf);
    PrintWords(sink, {part.eax, part.ebx, part.ecx, part.edx});
  }
}

}  // namespace

void PrintProcessor(base::Sink& sink) {
  const CpuidResult vendor = Cpuid(cpuid::kHighestBasicLeaf);
  const Version version(Cpuid(cpuid::kFeatureLeaf).eax);
  sink.Write("processor\t: 0\nvendor_id\t: ");
  PrintWords(sink, {vendor.ebx, vendor.edx, vendor.ecx});
  base::Print(sink, "\ncpu family\t: {}\nmodel\t\t: {}\nmodel name\t: ", version.family,
              version.model);
  PrintModelName(sink);
  base::Print(sink, "\nstepping\t: {}\nflags\t\t:", version.stepping);
  for (const CpuFeature& feature : CpuFeatures()) {
    if (feature.state != FeatureState::kAbsent) base::Print(sink, " {}", feature.name);
  }
  sink.Write("\n\n");
}

}  // namespace arch
