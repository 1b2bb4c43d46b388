// ARMv7-A short-descriptor page tables: level 1 is the manual's first level (16 KiB >> TTBCR.N,
// 1 MiB sections), level 0 its second (1 KiB, small pages). ARM DDI 0406C B3.5.1 (formats), B3.7
// (access control), B3.8.3 (memory attributes with TEX remap; see registers.h for what it says).
#pragma once

#include <cstdint>
#include <optional>

#include "arch/arm/facts/registers.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/paging_policy.h"

namespace arch::arm {

// Bits [1:0], figures B3-4 and B3-5.
namespace descriptor_type {
inline constexpr uint32_t kMask = 0b11;
inline constexpr uint32_t kTable = 0b01;      // first level
inline constexpr uint32_t kSection = 0b10;    // first level; bit 0 is PXN
inline constexpr uint32_t kSmallPage = 0b10;  // second level; bit 0 is XN
}  // namespace descriptor_type

// Figure B3-4.
namespace first_level {
inline constexpr uint32_t kSectionPrivilegedExecuteNever = uint32_t{1} << 0;
inline constexpr uint32_t kTablePrivilegedExecuteNever = uint32_t{1} << 2;
inline constexpr uint32_t kBufferable = uint32_t{1} << 2;
inline constexpr uint32_t kCacheable = uint32_t{1} << 3;
inline constexpr uint32_t kExecuteNever = uint32_t{1} << 4;
inline constexpr unsigned kDomainShift = 5;
inline constexpr uint32_t kDomainMask = uint32_t{0xF} << kDomainShift;
inline constexpr unsigned kAccessShift = 10;  // AP[1:0]
inline constexpr unsigned kTypeExtensionShift = 12;
inline constexpr unsigned kSpareShift = 13;              // TEX[2:1]
inline constexpr uint32_t kAccess2 = uint32_t{1} << 15;  // AP[2]
inline constexpr uint32_t kShareable = uint32_t{1} << 16;
inline constexpr uint32_t kNotGlobal = uint32_t{1} << 17;
inline constexpr uint32_t kSupersection = uint32_t{1} << 18;
}  // namespace first_level

// Figure B3-5.
namespace small_page {
inline constexpr uint32_t kExecuteNever = uint32_t{1} << 0;
inline constexpr uint32_t kBufferable = uint32_t{1} << 2;
inline constexpr uint32_t kCacheable = uint32_t{1} << 3;
inline constexpr unsigned kAccessShift = 4;  // AP[1:0]
inline constexpr unsigned kTypeExtensionShift = 6;
inline constexpr unsigned kSpareShift = 7;              // TEX[2:1]
inline constexpr uint32_t kAccess2 = uint32_t{1} << 9;  // AP[2]
inline constexpr uint32_t kShareable = uint32_t{1} << 10;
inline constexpr uint32_t kNotGlobal = uint32_t{1} << 11;
}  // namespace small_page

// AP[2:0] with SCTLR.AFE = 0, table B3-8; first the kernel's right, then the user's.
enum class AccessPermission : uint8_t {
  kWriteNone = 0b001,
  kWriteRead = 0b010,
  kWriteWrite = 0b011,
  kReadNone = 0b101,
  kReadRead = 0b111,
};

// Assumes what the start-up code sets: SCTLR.AFE = 0, SCTLR.TRE = 1 with PRRR and NMRR of
// registers.h, and in DACR kUserOpen or kUserClosed.
struct PagingPolicy {
  using Entry = uint32_t;
  struct Features {};  // every ARMv7-A has sections and small pages
  // Small pages take their PXN from the first-level entry above them.
  struct Inherited {
    bool privileged_execute_never = false;

    friend constexpr bool operator==(const Inherited&, const Inherited&) = default;
  };

  static constexpr unsigned kLevelCount = 2;
  static constexpr unsigned kPhysicalBits = 32;
  static constexpr mm::AddressExtension kExtension = mm::AddressExtension::kZero;
  // A page is in the user's domain when the user has a right to it and it is not global: what every
  // process sees alike is the kernel's to give. While the user's domain is closed, the kernel
  // reaches its own pages only: ARMv7 has no other way to keep it from a process's (B3.7.3). Open
  // is for user mode, which the domain binds as well, and for checked copies.
  static constexpr uint32_t kKernelDomain = 0;
  static constexpr uint32_t kUserDomain = 1;
  static constexpr uint32_t kUserClosed =
      dacr::Domain(kKernelDomain, dacr::kClient) | dacr::Domain(kUserDomain, dacr::kNoAccess);
  static constexpr uint32_t kUserOpen =
      dacr::Domain(kKernelDomain, dacr::kClient) | dacr::Domain(kUserDomain, dacr::kClient);
  // TEX[0] C B of the memory types in use, which PRRR and NMRR have to give their meaning.
  static constexpr unsigned kNormalMemory = 0b111;
  static constexpr unsigned kDeviceMemory = 0b001;
  // Every bit of a descriptor has a meaning, but with TEX remap TEX[2:1] lose theirs and are the
  // system's (B3.8.3). Of an absent one the processor reads two bits.
  static constexpr unsigned kSpareBits = 2;
  static constexpr unsigned kMarkBits = 30;
  static constexpr Entry kHardwareBits = 0;  // SCTLR.AFE = 0: nothing is noted
  static constexpr bool kCountsEntries = false;
  // B3.10.1: when memory type, cacheability, scope or the size of the page change.
  static constexpr bool kBreakBeforeMake = true;
  // A section may be cached as several smaller entries (B3.10.1).
  static constexpr bool kForgetsPageAtOnce = false;
  static constexpr bool kFaultForgetsPage = false;
  // PXN and the domain of small pages are their table's.
  static constexpr bool kLeavesMayDisagree = true;

  // The root that TTBR0 points to when TTBCR.N is `n`; TTBR1's is always that of n = 0. Its table
  // of 16 KiB >> n is aligned to its size (B3.5.4).
  static constexpr mm::RootShape Root(unsigned n) { return {.level = 1, .index_bits = 12 - n}; }

  // The TTBCR.N of such a root.
  static constexpr unsigned SplitOf(mm::RootShape root) { return 12 - root.index_bits; }

  static constexpr mm::LevelShape Level(unsigned level) {
    return level == 1 ? mm::LevelShape{20, 12, 16384, 16384} : mm::LevelShape{12, 8, 1024, 1024};
  }

  static constexpr bool MayHoldLeaf(unsigned, Features) { return true; }

  // A user page is open to the kernel at least as to the user (B3.7.1), while the user's domain is;
  // the kernel may write where the user only reads. One XN bit serves both, PXN takes the kernel's
  // right away.
  static constexpr std::optional<mm::PageAttributes> Granted(const mm::PageAttributes& wanted) {
    using mm::Access;
    const bool for_user = wanted.user != Access::kNone;
    if (!mm::IsMappable(for_user ? wanted.user : wanted.kernel)) return std::nullopt;
    mm::PageAttributes granted = wanted;
    granted.scope = mm::EntryScope(wanted.scope);
    if (for_user) granted.kernel = wanted.kernel | (wanted.user & Access::kReadWrite);
    if (!mm::IsMappable(granted.user | granted.kernel)) return std::nullopt;
    const bool kernel_executes = mm::Has(granted.kernel, Access::kExecute);
    const bool user_executes = mm::Has(granted.user, Access::kExecute);
    if (for_user && kernel_executes && !user_executes) return std::nullopt;
    if (wanted.caching == mm::Caching::kDevice && (kernel_executes || user_executes)) {
      return std::nullopt;
    }
    return granted;
  }

  static constexpr mm::EntryKind KindOf(Entry entry, unsigned level) {
    const uint32_t type = entry & descriptor_type::kMask;
    if (type == 0) return entry == 0 ? mm::EntryKind::kNone : mm::EntryKind::kMark;
    if (level == 0) {
      const bool small = (type & descriptor_type::kSmallPage) != 0;
      return small ? mm::EntryKind::kLeaf : mm::EntryKind::kForeign;  // large page
    }
    const uint32_t domain = (entry & first_level::kDomainMask) >> first_level::kDomainShift;
    if (domain != kKernelDomain && domain != kUserDomain) return mm::EntryKind::kForeign;
    if (type == descriptor_type::kTable) return mm::EntryKind::kTable;
    const bool supersection = (entry & first_level::kSupersection) != 0;
    return supersection ? mm::EntryKind::kForeign : mm::EntryKind::kLeaf;
  }

  static constexpr Entry MakeLeaf(mm::PhysAddr pa, const mm::PageAttributes& attributes,
                                  unsigned level) {
    const Entry base = static_cast<Entry>(pa.value);
    return level == 1 ? MakeSection(base, attributes) : MakeSmallPage(base, attributes);
  }

  static constexpr Entry MakeTable(mm::PhysAddr pa, const mm::PageAttributes& attributes,
                                   unsigned level) {
    const Entry table = static_cast<Entry>(pa.value) | descriptor_type::kTable |
                        first_level::kTablePrivilegedExecuteNever |
                        (kKernelDomain << first_level::kDomainShift);
    return Admit(table, attributes, level);
  }

  // Where nobody executes, XN says so in each page, and PXN may be either.
  static constexpr Entry Admit(Entry table, const mm::PageAttributes& attributes, unsigned) {
    using mm::Access;
    constexpr Entry kNever = first_level::kTablePrivilegedExecuteNever;
    if ((attributes.user | attributes.kernel) == Access::kNone) return table;
    const Entry in_domain = (table & ~first_level::kDomainMask) | DomainBits(attributes);
    if (mm::Has(attributes.kernel, Access::kExecute)) return in_domain & ~kNever;
    return mm::Has(attributes.user, Access::kExecute) ? in_domain | kNever : in_domain;
  }

  static constexpr Entry WithAttributes(Entry leaf, const mm::PageAttributes& attributes,
                                        unsigned level) {
    return WithSpare(MakeLeaf(TargetOf(leaf, level), attributes, level), SpareOf(leaf, level),
                     level);
  }

  static constexpr uint64_t SpareOf(Entry leaf, unsigned level) {
    return (leaf >> SpareShift(level)) & kSpareMask;
  }

  static constexpr Entry WithSpare(Entry leaf, uint64_t spare, unsigned level) {
    const Entry others = leaf & ~(kSpareMask << SpareShift(level));
    return others | static_cast<Entry>(spare) << SpareShift(level);
  }

  static constexpr Entry MakeMark(uint64_t mark) { return static_cast<Entry>(mark) << kMarkShift; }
  static constexpr uint64_t MarkOf(Entry entry) { return entry >> kMarkShift; }

  static constexpr Entry PartOf(Entry leaf, unsigned level, uint64_t index) {
    const mm::PhysAddr pa = TargetOf(leaf, level) + (index << Level(level - 1).shift);
    const Entry part = MakeLeaf(pa, AttributesOf(leaf, level, {}), level - 1);
    return WithSpare(part, SpareOf(leaf, level), level - 1);
  }

  static constexpr mm::PhysAddr TargetOf(Entry entry, unsigned level) {
    if (level == 0) return mm::PhysAddr{entry & 0xFFFF'F000};
    const bool table = (entry & descriptor_type::kMask) == descriptor_type::kTable;
    return mm::PhysAddr{entry & (table ? 0xFFFF'FC00 : 0xFFF0'0000)};
  }

  static constexpr mm::PhysAddr TableOf(Entry table, unsigned) {
    return mm::PhysAddr{table & 0xFFFF'FC00};
  }

  static constexpr Inherited Inherit(Inherited, Entry table, unsigned) {
    return {.privileged_execute_never = (table & first_level::kTablePrivilegedExecuteNever) != 0};
  }

  static constexpr mm::PageAttributes AttributesOf(Entry entry, unsigned level, Inherited above);

  static constexpr bool IsGlobal(Entry leaf, unsigned level) {
    return (leaf & (level == 1 ? first_level::kNotGlobal : small_page::kNotGlobal)) == 0;
  }

  static constexpr bool MustBreak(Entry old_leaf, Entry new_leaf, unsigned level) {
    const Entry matters =
        level == 1 ? first_level::kBufferable | first_level::kCacheable | first_level::kShareable |
                         (kNormalTypeExtension << first_level::kTypeExtensionShift) |
                         first_level::kNotGlobal
                   : small_page::kBufferable | small_page::kCacheable | small_page::kShareable |
                         (kNormalTypeExtension << small_page::kTypeExtensionShift) |
                         small_page::kNotGlobal;
    return ((old_leaf ^ new_leaf) & matters) != 0;
  }

 private:
  static constexpr uint32_t kNormalTypeExtension = 0b001;  // with C and B: kNormalMemory
  static constexpr Entry kSpareMask = (Entry{1} << kSpareBits) - 1;
  static constexpr unsigned kMarkShift = 2;

  static constexpr unsigned SpareShift(unsigned level) {
    return level == 1 ? first_level::kSpareShift : small_page::kSpareShift;
  }

  static constexpr Entry DomainBits(const mm::PageAttributes& attributes) {
    const bool of_process =
        attributes.user != mm::Access::kNone && attributes.scope != mm::Scope::kGlobal;
    return (of_process ? kUserDomain : kKernelDomain) << first_level::kDomainShift;
  }

  static constexpr AccessPermission PermissionFor(const mm::PageAttributes& attributes);
  static constexpr Entry MakeSection(Entry base, const mm::PageAttributes& attributes);
  static constexpr Entry MakeSmallPage(Entry base, const mm::PageAttributes& attributes);
};

constexpr AccessPermission PagingPolicy::PermissionFor(const mm::PageAttributes& attributes) {
  using mm::Access;
  const bool kernel_writes = mm::Has(attributes.kernel, Access::kWrite);
  if (attributes.user == Access::kNone) {
    return kernel_writes ? AccessPermission::kWriteNone : AccessPermission::kReadNone;
  }
  if (mm::Has(attributes.user, Access::kWrite)) return AccessPermission::kWriteWrite;
  return kernel_writes ? AccessPermission::kWriteRead : AccessPermission::kReadRead;
}

constexpr PagingPolicy::Entry PagingPolicy::MakeSection(Entry base,
                                                        const mm::PageAttributes& attributes) {
  using namespace first_level;
  using mm::Access;
  const auto permission = static_cast<Entry>(PermissionFor(attributes));
  Entry entry = base | descriptor_type::kSection | DomainBits(attributes) | kBufferable;
  entry |= (permission & 0b11) << kAccessShift;
  if ((permission & 0b100) != 0) entry |= kAccess2;
  if (!mm::Has(attributes.user | attributes.kernel, Access::kExecute)) entry |= kExecuteNever;
  if (!mm::Has(attributes.kernel, Access::kExecute)) entry |= kSectionPrivilegedExecuteNever;
  if (attributes.caching == mm::Caching::kNormal) {
    entry |= kCacheable | kShareable | (kNormalTypeExtension << kTypeExtensionShift);
  }
  if (attributes.scope != mm::Scope::kGlobal) entry |= kNotGlobal;
  return entry;
}

constexpr PagingPolicy::Entry PagingPolicy::MakeSmallPage(Entry base,
                                                          const mm::PageAttributes& attributes) {
  using namespace small_page;
  using mm::Access;
  const auto permission = static_cast<Entry>(PermissionFor(attributes));
  Entry entry = base | descriptor_type::kSmallPage | kBufferable;
  entry |= (permission & 0b11) << kAccessShift;
  if ((permission & 0b100) != 0) entry |= kAccess2;
  if (!mm::Has(attributes.user | attributes.kernel, Access::kExecute)) entry |= kExecuteNever;
  if (attributes.caching == mm::Caching::kNormal) {
    entry |= kCacheable | kShareable | (kNormalTypeExtension << kTypeExtensionShift);
  }
  if (attributes.scope != mm::Scope::kGlobal) entry |= kNotGlobal;
  return entry;
}

constexpr mm::PageAttributes PagingPolicy::AttributesOf(Entry entry, unsigned level,
                                                        Inherited above) {
  using mm::Access;
  const bool section = level == 1;
  const auto has = [entry, section](uint32_t first, uint32_t second) {
    return (entry & (section ? first : second)) != 0;
  };
  const unsigned shift = section ? first_level::kAccessShift : small_page::kAccessShift;
  const bool read_only = has(first_level::kAccess2, small_page::kAccess2);
  const uint32_t low_bits = (entry >> shift) & 0b11;  // AP[1:0]
  Access kernel = low_bits == 0 ? Access::kNone : read_only ? Access::kRead : Access::kReadWrite;
  Access user = low_bits < 0b10                 ? Access::kNone
                : low_bits == 0b10 || read_only ? Access::kRead
                                                : Access::kReadWrite;
  const bool privileged_execute_never = section
                                            ? has(first_level::kSectionPrivilegedExecuteNever, 0)
                                            : above.privileged_execute_never;
  if (!has(first_level::kExecuteNever, small_page::kExecuteNever)) {
    if (user != Access::kNone) user = user | Access::kExecute;
    if (kernel != Access::kNone && !privileged_execute_never) kernel = kernel | Access::kExecute;
  }
  return {.user = user,
          .kernel = kernel,
          .caching = has(first_level::kCacheable, small_page::kCacheable) ? mm::Caching::kNormal
                                                                          : mm::Caching::kDevice,
          .scope = has(first_level::kNotGlobal, small_page::kNotGlobal) ? mm::Scope::kProcess
                                                                        : mm::Scope::kGlobal};
}

static_assert(mm::PagingPolicy<PagingPolicy>);

}  // namespace arch::arm
