// How the processor translates an address with short descriptors, written from ARM DDI 0406C (B3.5,
// B3.7, B3.8.3) and sharing nothing with paging_policy.h, which the tests check with it. With AFE
// clear and TRE set, PRRR and NMRR as the kernel sets them.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/tables/page_table_fake_memory.h"

namespace arch::arm {

// What a descriptor says, wherever its bits are.
struct ManualDescriptor {
  uint32_t ap;       // AP[2:0]
  uint32_t tex_c_b;  // TEX[0] C B
  bool xn;
  bool pxn;
  bool not_global;
};

// Table B3-8, and B3-12 with the remap registers.
inline mm::PageAttributes AttributesAsManual(const ManualDescriptor& descriptor) {
  using mm::Access;
  mm::PageAttributes attributes;
  switch (descriptor.ap) {
    case 0b001:
      attributes.kernel = Access::kReadWrite;
      break;
    case 0b010:
      attributes.kernel = Access::kReadWrite;
      attributes.user = Access::kRead;
      break;
    case 0b011:
      attributes.kernel = Access::kReadWrite;
      attributes.user = Access::kReadWrite;
      break;
    case 0b101:
      attributes.kernel = Access::kRead;
      break;
    case 0b111:
      attributes.kernel = Access::kRead;
      attributes.user = Access::kRead;
      break;
    default:
      ADD_FAILURE() << "AP " << descriptor.ap;
  }
  if (!descriptor.xn && attributes.user != Access::kNone) {
    attributes.user = attributes.user | Access::kExecute;
  }
  if (!descriptor.xn && !descriptor.pxn) attributes.kernel = attributes.kernel | Access::kExecute;
  switch (descriptor.tex_c_b) {
    case 0b111:  // TR7 normal, IR7 and OR7 write-back, write-allocate
      attributes.caching = mm::Caching::kNormal;
      break;
    case 0b001:  // TR1 device, shareable by DS0
      attributes.caching = mm::Caching::kDevice;
      break;
    default:
      ADD_FAILURE() << "TEX[0] C B " << descriptor.tex_c_b;
  }
  attributes.scope = descriptor.not_global ? mm::Scope::kProcess : mm::Scope::kGlobal;
  return attributes;
}

// B3.7.3: two bits of DACR for each domain.
inline bool IsDomainFault(uint32_t dacr, uint32_t domain) {
  switch (dacr >> (2 * domain) & 0b11) {
    case 0b00:  // no access: any access faults
      return true;
    case 0b01:  // client: the descriptor's rights hold
      return false;
    default:
      ADD_FAILURE() << "domain " << domain << " is a manager's, or reserved";
      return false;
  }
}

// `n` is TTBCR.N and the address one that TTBR0 serves. Nothing for a fault.
inline std::optional<mm::Translation> WalkAsManual(const mm::FakeTableMemory& memory,
                                                   uint64_t ttbr0, unsigned n, uint32_t dacr,
                                                   uint64_t va) {
  if (va >> (32 - n) != 0) return std::nullopt;
  const std::optional<uint32_t> first = memory.Read<uint32_t>(ttbr0 + 4 * (va >> 20));
  if (!first) {
    ADD_FAILURE() << "walked outside the first level";
    return std::nullopt;
  }
  if (*first % 4 == 0) return std::nullopt;
  if (IsDomainFault(dacr, *first >> 5 & 0xF)) return std::nullopt;
  if (*first % 4 == 1) {
    const std::optional<uint32_t> second =
        memory.Read<uint32_t>((*first & 0xFFFFFC00) + 4 * (va >> 12 & 0xFF));
    if (!second) {
      ADD_FAILURE() << "walked outside the second level";
      return std::nullopt;
    }
    if (*second % 4 == 0) return std::nullopt;
    if (*second % 4 == 1) ADD_FAILURE() << "a large page";
    const ManualDescriptor page{.ap = (*second >> 9 & 1) << 2 | (*second >> 4 & 3),
                                .tex_c_b = (*second >> 6 & 1) << 2 | (*second >> 2 & 3),
                                .xn = (*second & 1) != 0,
                                .pxn = (*first >> 2 & 1) != 0,
                                .not_global = (*second >> 11 & 1) != 0};
    return mm::Translation{{(*second & 0xFFFFF000) + va % 0x1000},
                           AttributesAsManual(page),
                           *second >> 7 & 3,  // TEX[2:1]
                           0x1000};
  }
  if ((*first >> 18 & 1) != 0) ADD_FAILURE() << "a supersection";
  const ManualDescriptor section{.ap = (*first >> 15 & 1) << 2 | (*first >> 10 & 3),
                                 .tex_c_b = (*first >> 12 & 1) << 2 | (*first >> 2 & 3),
                                 .xn = (*first >> 4 & 1) != 0,
                                 .pxn = (*first & 1) != 0,
                                 .not_global = (*first >> 17 & 1) != 0};
  return mm::Translation{{(*first & 0xFFF00000) + va % 0x100000},
                         AttributesAsManual(section),
                         *first >> 13 & 3,  // TEX[2:1]
                         0x100000};
}

}  // namespace arch::arm
