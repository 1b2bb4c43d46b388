// x86_64 page tables: 4-level and 5-level paging are one policy with the root at level 3 or 4.
// Intel SDM vol. 3A 4.5 ("4-level paging and 5-level paging"), 4.6 (access rights), 4.9 (memory
// types), 4.10.2.4 (global pages).
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/paging_policy.h"

namespace arch::x86_64 {

// Bits of an entry, SDM vol. 3A tables 4-15 to 4-20.
namespace entry_bits {
inline constexpr uint64_t kPresent = uint64_t{1} << 0;
inline constexpr uint64_t kWritable = uint64_t{1} << 1;
inline constexpr uint64_t kUser = uint64_t{1} << 2;
inline constexpr uint64_t kWriteThrough = uint64_t{1} << 3;
inline constexpr uint64_t kCacheDisable = uint64_t{1} << 4;
inline constexpr uint64_t kAccessed = uint64_t{1} << 5;  // set by the processor
inline constexpr uint64_t kDirty = uint64_t{1} << 6;     // set by the processor
inline constexpr uint64_t kPageSize = uint64_t{1} << 7;  // levels 1 and 2: this entry is a leaf
inline constexpr uint64_t kSmallPat = uint64_t{1} << 7;  // level 0
inline constexpr uint64_t kGlobal = uint64_t{1} << 8;    // needs CR4.PGE
// Bits 11:9 and 58:52 of a leaf are ignored; 62:59 are the protection key's or ignored.
inline constexpr unsigned kLowSpareShift = 9;
inline constexpr uint64_t kLowSpare = uint64_t{0x7} << kLowSpareShift;
inline constexpr unsigned kHighSpareShift = 52;
inline constexpr uint64_t kHighSpare = uint64_t{0x7F} << kHighSpareShift;
inline constexpr uint64_t kLargePat = uint64_t{1} << 12;
// Bits 62:52 of an entry that points to a table are ignored.
inline constexpr unsigned kCountShift = 52;
inline constexpr uint64_t kCount = uint64_t{0x3FF} << kCountShift;
inline constexpr uint64_t kExecuteDisable = uint64_t{1} << 63;  // needs EFER.NXE
}  // namespace entry_bits

enum class GigabytePages : bool { kNo, kYes };  // CPUID.80000001H:EDX.Page1GB[26]

// Assumes what the start-up code turns on: EFER.NXE, CR0.WP, CR4.SMEP, CR4.PGE, and the PAT of
// reset (PCD with PWT: uncacheable).
struct PagingPolicy {
  using Entry = uint64_t;
  struct Features {
    GigabytePages gigabyte_pages;
  };
  // Limits set by the table entries above (SDM vol. 3A 4.6.1: rights are those of all levels).
  struct Inherited {
    bool read_only = false;
    bool supervisor_only = false;
    bool execute_disable = false;

    friend constexpr bool operator==(const Inherited&, const Inherited&) = default;
  };

  static constexpr unsigned kLevelCount = 5;
  static constexpr unsigned kPhysicalBits = 52;  // MAXPHYADDR is at most this
  static constexpr mm::AddressExtension kExtension = mm::AddressExtension::kSign;
  static constexpr mm::RootShape kFourLevelRoot{.level = 3, .index_bits = 9};
  static constexpr mm::RootShape kFiveLevelRoot{.level = 4, .index_bits = 9};

  static constexpr unsigned kSpareBits = 10;
  static constexpr unsigned kMarkBits = 42;
  static constexpr Entry kHardwareBits = entry_bits::kAccessed | entry_bits::kDirty;
  static constexpr bool kCountsEntries = true;
  // Old and new translation may be used side by side until the invalidation (SDM vol. 3A 4.10.2.2,
  // 4.10.4.2), and INVLPG forgets a page whole, whatever its size (4.10.4.1).
  static constexpr bool kBreakBeforeMake = false;
  static constexpr bool kForgetsPageAtOnce = true;
  static constexpr bool kFaultForgetsPage = true;  // 4.10.4.1, 4.10.4.3
  // Table entries withhold nothing but user access, which is each leaf's own where they do not.
  static constexpr bool kLeavesMayDisagree = false;

  static constexpr mm::LevelShape Level(unsigned level) {
    return {.shift = 12 + 9 * level, .index_bits = 9, .table_bytes = 4096, .table_alignment = 4096};
  }

  static constexpr bool MayHoldLeaf(unsigned level, Features features) {
    return level <= 1 || (level == 2 && features.gigabyte_pages == GigabytePages::kYes);
  }

  // A user page is open to the kernel's loads and stores exactly as to the user's (CR4.SMAP
  // confines that to the checked copies), and never to its instruction fetches (CR4.SMEP).
  static constexpr std::optional<mm::PageAttributes> Granted(const mm::PageAttributes& wanted) {
    using mm::Access;
    const bool for_user = wanted.user != Access::kNone;
    const Access primary = for_user ? wanted.user : wanted.kernel;
    if (!mm::IsMappable(primary)) return std::nullopt;
    if (wanted.caching == mm::Caching::kDevice && mm::Has(primary, Access::kExecute)) {
      return std::nullopt;
    }
    mm::PageAttributes granted = wanted;
    if (for_user) granted.kernel = wanted.user & Access::kReadWrite;
    if (!mm::Has(granted.kernel, wanted.kernel)) return std::nullopt;
    granted.scope = mm::EntryScope(wanted.scope);
    return granted;
  }

  static constexpr mm::EntryKind KindOf(Entry entry, unsigned level) {
    using namespace entry_bits;
    if (entry == 0) return mm::EntryKind::kNone;
    if ((entry & kPresent) == 0) {
      return (entry & kMarkFrame) == kMarkFrame ? mm::EntryKind::kMark : mm::EntryKind::kForeign;
    }
    if (level == 0) return mm::EntryKind::kLeaf;  // bit 7 is PAT here
    if ((entry & kPageSize) == 0) return mm::EntryKind::kTable;
    if (level > 2 || (entry & ReservedInLargeLeaf(level)) != 0) return mm::EntryKind::kForeign;
    return mm::EntryKind::kLeaf;
  }

  static constexpr Entry MakeLeaf(mm::PhysAddr pa, const mm::PageAttributes& attributes,
                                  unsigned level) {
    using namespace entry_bits;
    using mm::Access;
    const bool for_user = attributes.user != Access::kNone;
    const Access rights = for_user ? attributes.user : attributes.kernel;
    Entry entry = pa.value | kPresent;
    if (level > 0) entry |= kPageSize;
    if (for_user) entry |= kUser;
    if (mm::Has(rights, Access::kWrite)) entry |= kWritable;
    if (!mm::Has(rights, Access::kExecute)) entry |= kExecuteDisable;
    if (attributes.caching == mm::Caching::kDevice) entry |= kCacheDisable | kWriteThrough;
    if (attributes.scope == mm::Scope::kGlobal) entry |= kGlobal;
    return entry;
  }

  // Writable and executable as far as the leaves are; open to the user only where a leaf is.
  static constexpr Entry MakeTable(mm::PhysAddr pa, const mm::PageAttributes& attributes,
                                   unsigned level) {
    return Admit(pa.value | entry_bits::kPresent | entry_bits::kWritable, attributes, level);
  }

  static constexpr Entry Admit(Entry table, const mm::PageAttributes& attributes, unsigned) {
    const bool for_user = attributes.user != mm::Access::kNone;
    return for_user ? table | entry_bits::kUser : table;
  }

  static constexpr Entry WithAttributes(Entry leaf, const mm::PageAttributes& attributes,
                                        unsigned level) {
    return MakeLeaf(TargetOf(leaf, level), attributes, level) |
           (leaf & (kHardwareBits | entry_bits::kLowSpare | entry_bits::kHighSpare));
  }

  static constexpr uint64_t SpareOf(Entry leaf, unsigned) {
    using namespace entry_bits;
    return (leaf & kLowSpare) >> kLowSpareShift | (leaf & kHighSpare) >> (kHighSpareShift - 3);
  }

  static constexpr Entry WithSpare(Entry leaf, uint64_t spare, unsigned) {
    using namespace entry_bits;
    return (leaf & ~(kLowSpare | kHighSpare)) | ((spare << kLowSpareShift) & kLowSpare) |
           ((spare << (kHighSpareShift - 3)) & kHighSpare);
  }

  // All bits but P are the system's in an absent entry, but a processor with the L1 terminal fault
  // (CVE-2018-3620) may still read the memory its address bits name. So most of the mark stands
  // inverted in them, with ones above: an address beyond any memory. The rest is in bits 11:2.
  static constexpr Entry MakeMark(uint64_t mark) {
    return kMarkFrame | ((~mark << kMarkShift) & kMarkMask) |
           (mark >> kInvertedBits << kRestShift & kRestMask);
  }
  static constexpr uint64_t MarkOf(Entry entry) {
    return (~entry & kMarkMask) >> kMarkShift | (entry & kRestMask) >> kRestShift << kInvertedBits;
  }

  static constexpr uint64_t LiveEntries(Entry table) {
    return (table & entry_bits::kCount) >> entry_bits::kCountShift;
  }
  static constexpr Entry WithLiveEntries(Entry table, uint64_t count) {
    return (table & ~entry_bits::kCount) | count << entry_bits::kCountShift;
  }

  // The bits mean the same on both levels, except that pages of level 0 have PAT where bit 7 is.
  static constexpr Entry PartOf(Entry leaf, unsigned level, uint64_t index) {
    using namespace entry_bits;
    const Entry offset = index << Level(level - 1).shift;
    if (level > 1) return leaf + offset;
    const Entry page = (leaf & ~(kPageSize | kLargePat)) + offset;
    return (leaf & kLargePat) != 0 ? page | kSmallPat : page;
  }

  static constexpr mm::PhysAddr TargetOf(Entry entry, unsigned level) {
    const bool large = level > 0 && (entry & entry_bits::kPageSize) != 0;
    return mm::PhysAddr{entry & kFrameMask & ~(large ? ReservedInLargeLeaf(level) : 0) &
                        ~(large ? entry_bits::kLargePat : 0)};
  }

  static constexpr mm::PhysAddr TableOf(Entry table, unsigned) {
    return mm::PhysAddr{table & kFrameMask};
  }

  static constexpr Inherited Inherit(Inherited above, Entry table, unsigned) {
    using namespace entry_bits;
    return {.read_only = above.read_only || (table & kWritable) == 0,
            .supervisor_only = above.supervisor_only || (table & kUser) == 0,
            .execute_disable = above.execute_disable || (table & kExecuteDisable) != 0};
  }

  static constexpr mm::PageAttributes AttributesOf(Entry entry, unsigned, Inherited above) {
    using namespace entry_bits;
    using mm::Access;
    Access data = Access::kRead;
    if ((entry & kWritable) != 0 && !above.read_only) data = Access::kReadWrite;
    Access all = data;
    if ((entry & kExecuteDisable) == 0 && !above.execute_disable) all = data | Access::kExecute;
    const bool for_user = (entry & kUser) != 0 && !above.supervisor_only;
    return {.user = for_user ? all : Access::kNone,
            .kernel = for_user ? data : all,
            .caching = (entry & kCacheDisable) != 0 ? mm::Caching::kDevice : mm::Caching::kNormal,
            .scope = (entry & kGlobal) != 0 ? mm::Scope::kGlobal : mm::Scope::kProcess};
  }

  static constexpr bool IsGlobal(Entry leaf, unsigned) { return (leaf & entry_bits::kGlobal) != 0; }

  static constexpr bool MustBreak(Entry, Entry, unsigned) { return false; }

 private:
  static constexpr unsigned kInvertedBits = 32;
  static constexpr unsigned kRestShift = 2;
  static constexpr Entry kRestMask = Entry{0x3FF} << kRestShift;
  static constexpr unsigned kMarkShift = 12;
  static constexpr Entry kMarkMask = Entry{0xFFFF'FFFF} << kMarkShift;
  static constexpr Entry kMarkFrame = Entry{0xFF} << 44;      // the address bits above the mark
  static constexpr Entry kFrameMask = 0x000F'FFFF'FFFF'F000;  // bits 51:12

  // Between the page's own address bits and bit 12 (PAT): must be zero, tables 4-16 and 4-18.
  static constexpr Entry ReservedInLargeLeaf(unsigned level) {
    return ((Entry{1} << Level(level).shift) - 1) & ~Entry{0x1FFF};
  }
};

static_assert(mm::CountingPolicy<PagingPolicy>);

}  // namespace arch::x86_64
