// What a page table needs to know of an architecture: the shape of each level and the meaning of
// each entry. Policies are constexpr facts (arch/<a>/facts/paging_policy.h), so that one host test
// holds every architecture's tables at once.
//
// Levels are numbered from the leaves: level 0 maps single pages. Which level is the root, and how
// many index bits the root has, is known at run time only (5-level paging; ARM's TTBCR.N).
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

#include "kernel/mm/address.h"
#include "kernel/mm/attributes.h"

namespace mm {

// Tables of one level. A level describes its tables on its own: ARM's levels differ in size.
struct LevelShape {
  unsigned shift;       // an entry covers 2^shift bytes of address space
  unsigned index_bits;  // a table has 2^index_bits entries
  uint64_t table_bytes;
  uint64_t table_alignment;
};

// The root's level, and its index bits, which may be fewer than its level's.
struct RootShape {
  unsigned level;
  unsigned index_bits;

  friend constexpr bool operator==(const RootShape&, const RootShape&) = default;
};

enum class EntryKind : uint8_t {
  kNone,     // faults
  kTable,    // points to a table of the level below
  kLeaf,     // maps memory
  kForeign,  // present, but of a kind this policy never makes
};

// How addresses continue above the highest translated bit.
enum class AddressExtension : uint8_t { kZero, kSign };

// Rights that an entry of some architecture can give: readable, and nothing beyond r, w, x.
constexpr bool IsMappable(Access access) {
  constexpr Access kAll = Access::kReadWrite | Access::kExecute;
  return Has(access, Access::kRead) && Has(kAll, access);
}

// What an entry remembers of a scope: whether it is global. A thread's mapping reads as the
// process's.
constexpr Scope EntryScope(Scope scope) {
  return scope == Scope::kGlobal ? Scope::kGlobal : Scope::kProcess;
}

// `Entry`     what the hardware reads.
// `Features`  what differs between CPUs of the architecture (which levels may hold leaves).
// `Inherited` limits gathered from the table entries above a leaf; default: none.
template <class P>
concept PagingPolicy = requires(typename P::Entry entry, typename P::Features features,
                                typename P::Inherited inherited, unsigned level, uint64_t index,
                                PhysAddr pa, const PageAttributes& attributes) {
  requires std::unsigned_integral<typename P::Entry>;
  requires std::default_initializable<typename P::Inherited>;
  requires std::equality_comparable<typename P::Inherited>;
  requires std::same_as<decltype(P::kLevelCount), const unsigned>;
  requires std::same_as<decltype(P::kExtension), const AddressExtension>;

  // The shape of `level`'s tables, `level` < kLevelCount.
  { P::Level(level) } -> std::same_as<LevelShape>;
  // Whether an entry of `level` may map memory on this CPU.
  { P::MayHoldLeaf(level, features) } -> std::same_as<bool>;
  // Entries hold physical addresses below 2^kPhysicalBits.
  { P::kPhysicalBits } -> std::convertible_to<unsigned>;

  // What an entry made for `attributes` really grants: the user's rights exactly as asked, the
  // kernel's at least so; nothing where the hardware has no such combination.
  { P::Granted(attributes) } -> std::same_as<std::optional<PageAttributes>>;

  { P::KindOf(entry, level) } -> std::same_as<EntryKind>;
  // Entries. `attributes` must be ones that Granted() accepts. A table entry lets through at least
  // what `attributes` needs; Admit() widens an existing one.
  { P::MakeLeaf(pa, attributes, level) } -> std::same_as<typename P::Entry>;
  { P::MakeTable(pa, attributes, level) } -> std::same_as<typename P::Entry>;
  { P::Admit(entry, attributes, level) } -> std::same_as<typename P::Entry>;
  // A leaf with other rights; what the hardware noted in it (accessed, dirty) stays.
  { P::WithAttributes(entry, attributes, level) } -> std::same_as<typename P::Entry>;
  // The leaf of the level below that maps the `index`-th part of a leaf, with the same rights.
  { P::PartOf(entry, level, index) } -> std::same_as<typename P::Entry>;

  // Reading back. TargetOf: the memory a leaf maps or the table a table entry points to.
  // A leaf's target stands in its entry at its own bits: the next page's entry is the sum of both.
  { P::TargetOf(entry, level) } -> std::same_as<PhysAddr>;
  { P::Inherit(inherited, entry, level) } -> std::same_as<typename P::Inherited>;
  { P::AttributesOf(entry, level, inherited) } -> std::same_as<PageAttributes>;
};

}  // namespace mm
