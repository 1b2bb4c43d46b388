#include "arch/x86_64/facts/registers.h"

#include <cstdint>
#include <string_view>

#include "testing/unit/test.h"

namespace arch::x86_64 {
namespace {

struct Row {
  std::string_view name;
  uint64_t bit;
  uint64_t value;
};

// Intel SDM vol. 3A 2.5 (figure 2-7), 2.2.1; vol. 2A CPUID.
constexpr Row kRows[] = {
    {"CR0.WP", cr0::kWriteProtect, 0x1'0000},
    {"CR0.PG", cr0::kPaging, 0x8000'0000},
    {"CR4.PAE", cr4::kPhysicalAddressExtension, 0x20},
    {"CR4.PGE", cr4::kPageGlobal, 0x80},
    {"CR4.UMIP", cr4::kUserModeInstructionPrevention, 0x800},
    {"CR4.LA57", cr4::kFiveLevelPaging, 0x1000},
    {"CR4.SMEP", cr4::kSupervisorExecutionPrevention, 0x10'0000},
    {"CR4.SMAP", cr4::kSupervisorAccessPrevention, 0x20'0000},
    {"EFER.LME", efer::kLongModeEnable, 0x100},
    {"EFER.NXE", efer::kNoExecuteEnable, 0x800},
    {"CPUID.1:ECX.x2APIC", cpuid::feature_ecx::kX2Apic, 0x20'0000},
    {"CPUID.1:EDX.PGE", cpuid::feature_edx::kPageGlobal, 0x2000},
    {"CPUID.7:EBX.SMEP", cpuid::structured_ebx::kSupervisorExecutionPrevention, 0x80},
    {"CPUID.7:EBX.SMAP", cpuid::structured_ebx::kSupervisorAccessPrevention, 0x10'0000},
    {"CPUID.7:ECX.UMIP", cpuid::structured_ecx::kUserModeInstructionPrevention, 0x4},
    {"CPUID.7:ECX.LA57", cpuid::structured_ecx::kFiveLevelPaging, 0x1'0000},
    {"CPUID.80000001:EDX.NX", cpuid::extended_edx::kNoExecute, 0x10'0000},
    {"CPUID.80000001:EDX.Page1GB", cpuid::extended_edx::kGigabytePages, 0x400'0000},
    {"CPUID.80000001:EDX.LM", cpuid::extended_edx::kLongMode, 0x2000'0000},
};

TEST(X86Registers, HaveTheManualsBits) {
  for (const Row& row : kRows) EXPECT_EQ(row.bit, row.value) << row.name;
}

}  // namespace
}  // namespace arch::x86_64
