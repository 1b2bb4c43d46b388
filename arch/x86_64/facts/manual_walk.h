// How the processor translates an address, written from the Intel SDM vol. 3A (4.5, 4.6, 4.9) and
// sharing nothing with paging_policy.h, which the tests check with it. With NXE, WP, SMEP and PGE
// on, and the PAT of reset. Kernel data rights on user pages are those with EFLAGS.AC set.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/tables/page_table_fake_memory.h"

namespace arch::x86_64 {

// `levels` is 4 or 5; nothing for a page fault or a non-canonical address.
inline std::optional<mm::Translation> WalkAsManual(const mm::FakeTableMemory& memory, uint64_t cr3,
                                                   int levels, uint64_t linear) {
  const int width = levels == 5 ? 57 : 48;
  const uint64_t upper = linear >> (width - 1);
  const uint64_t all_ones = ~uint64_t{0} >> (width - 1);
  if (upper != 0 && upper != all_ones) return std::nullopt;

  uint64_t table = cr3 & 0xFFFFFFFFFF000;
  bool writable = true;
  bool user = true;
  bool no_execute = false;
  for (int level = levels; level >= 1; --level) {
    const int low_bit = 12 + 9 * (level - 1);
    const uint64_t index = (linear >> low_bit) % 512;
    const std::optional<uint64_t> entry = memory.Read<uint64_t>(table + 8 * index);
    if (!entry) {
      ADD_FAILURE() << "walked outside every table at level " << level;
      return std::nullopt;
    }
    if (*entry % 2 == 0) return std::nullopt;  // P
    writable = writable && (*entry & 0x2) != 0;
    user = user && (*entry & 0x4) != 0;
    no_execute = no_execute || *entry >> 63 != 0;
    const bool page_size = (*entry & 0x80) != 0;
    if (level >= 4 && page_size) return std::nullopt;  // reserved: a page fault
    if (level > 1 && !page_size) {
      table = *entry & 0xFFFFFFFFFF000;
      continue;
    }
    const uint64_t page_bytes = uint64_t{1} << low_bit;
    const uint64_t frame = *entry & 0xFFFFFFFFFF000 & ~(page_bytes - 1);
    // Ignored by the processor: bits 11:9 and 58:52.
    const uint64_t spare = (*entry >> 9 & 7) | (*entry >> 52 & 0x7F) << 3;
    mm::Translation found{{frame + linear % page_bytes}, {}, spare, page_bytes};
    const mm::Access data = writable ? mm::Access::kReadWrite : mm::Access::kRead;
    const mm::Access run = no_execute ? mm::Access::kNone : mm::Access::kExecute;
    found.attributes.user = user ? data | run : mm::Access::kNone;
    found.attributes.kernel = user ? data : data | run;
    // PWT, PCD, PAT select one of WB, WT, UC-, UC (table 4-12 with 12-12): 0 and 3 are ours.
    const uint64_t memory_type = *entry >> 3 & 3;
    if (memory_type != 0 && memory_type != 3) ADD_FAILURE() << "memory type " << memory_type;
    found.attributes.caching = memory_type == 0 ? mm::Caching::kNormal : mm::Caching::kDevice;
    found.attributes.scope = (*entry & 0x100) != 0 ? mm::Scope::kGlobal : mm::Scope::kProcess;
    return found;
  }
  return std::nullopt;
}

}  // namespace arch::x86_64
