#include "arch/arm/boot/boot_constants.h"

#include <cstdint>

#include "arch/arm/devices/board.h"
#include "arch/arm/facts/paging_policy.h"
#include "arch/arm/facts/registers.h"
#include "arch/ops/kernel_root.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"
#include "layouts/selected.h"

namespace arch::arm {
namespace {

constexpr unsigned kFirstLevel = 1;
constexpr mm::Access kAll = mm::Access::kReadWrite | mm::Access::kExecute;

constexpr uint32_t Section(mm::Access access, mm::Caching caching) {
  return PagingPolicy::MakeLeaf(mm::PhysAddr{0},
                                {.user = mm::Access::kNone,
                                 .kernel = access,
                                 .caching = caching,
                                 .scope = mm::Scope::kGlobal},
                                kFirstLevel);
}

static_assert(kDirectMap.IsAligned(kSectionBytes));
static_assert(kKernelRows.IsAligned(kSectionBytes));

constexpr uint32_t SectionOf(mm::VirtAddr va) {
  return static_cast<uint32_t>(va.value / kSectionBytes);
}

}  // namespace
}  // namespace arch::arm

extern "C" {

using namespace arch::arm;  // NOLINT(google-build-using-namespace): names for the assembler below

extern constexpr uint32_t boot_kernel_index = SectionOf(kKernelRows.base);
extern constexpr uint32_t boot_kernel_sections =
    static_cast<uint32_t>(kKernelRows.size_bytes / kSectionBytes);
extern constexpr uint32_t boot_direct_index = SectionOf(kDirectMap.base);
extern constexpr uint32_t boot_direct_sections =
    static_cast<uint32_t>(kDirectMap.size_bytes / kSectionBytes);
extern constexpr uint32_t boot_mapped_sections =
    static_cast<uint32_t>(kBootMappedBytes / kSectionBytes);

// Until ActivateKernelRoot() the image's sections are one mapping: writable and executable.
extern constexpr uint32_t boot_code_section = Section(kAll, mm::Caching::kNormal);
extern constexpr uint32_t boot_data_section = Section(mm::Access::kReadWrite, mm::Caching::kNormal);
extern constexpr uint32_t boot_device_section =
    Section(mm::Access::kReadWrite, mm::Caching::kDevice);

extern constexpr uint32_t boot_early_uart = static_cast<uint32_t>(kEarlyUart.value);

// Until ActivateKernelRoot() a table that is small later is whole: it also shows the image at its
// physical address.
extern constexpr uint32_t boot_ttbcr =
    kKernelSplit.table == KernelTable::kAbove ? kKernelSplit.n : 0;
extern constexpr uint32_t boot_walk_attributes = ttbr::kInnerWriteAllocate | ttbr::kShareable |
                                                 ttbr::kOuterWriteAllocate |
                                                 ttbr::kNotOuterShareable;
// Rights are checked in the kernel's domain, nothing is exempt; the user's opens with the first
// process.
extern constexpr uint32_t boot_dacr = PagingPolicy::kUserClosed;

// The memory types that PagingPolicy's entries name.
extern constexpr uint32_t boot_prrr = remap::Type(PagingPolicy::kNormalMemory, remap::kNormal) |
                                      remap::Type(PagingPolicy::kDeviceMemory, remap::kDevice) |
                                      remap::kShareableDevice | remap::kShareableNormal;
extern constexpr uint32_t boot_nmrr =
    remap::Inner(PagingPolicy::kNormalMemory, remap::kWriteAllocate) |
    remap::Outer(PagingPolicy::kNormalMemory, remap::kWriteAllocate);

// Low vectors (VBAR), little endian, ARM state exceptions; TEX remap and no access flag, as
// PagingPolicy assumes; no write-implies-execute-never while the image is one mapping.
extern constexpr uint32_t boot_sctlr_clear =
    sctlr::kMmu | sctlr::kAlignmentCheck | sctlr::kDataCache | sctlr::kBranchPrediction |
    sctlr::kInstructionCache | sctlr::kHighVectors | sctlr::kWriteImpliesExecuteNever |
    sctlr::kUserWriteImpliesExecuteNever | sctlr::kExceptionBigEndian | sctlr::kAccessFlag |
    sctlr::kThumbExceptions;
extern constexpr uint32_t boot_sctlr_set = sctlr::kMmu | sctlr::kDataCache |
                                           sctlr::kBranchPrediction | sctlr::kInstructionCache |
                                           sctlr::kTexRemap;

}  // extern "C"
