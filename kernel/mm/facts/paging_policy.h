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

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"

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
  kNone,     // faults, and says nothing: 0
  kMark,     // faults, and holds a mark of the table's owner
  kTable,    // points to a table of the level below
  kLeaf,     // maps memory
  kForeign,  // of a kind this policy never makes
};

// How addresses continue above the highest translated bit.
enum class AddressExtension : uint8_t { kZero, kSign };

// Rights that a page may have, user and kernel taken together: r, rw or rx. None is writable and
// executable, although the hardware could.
constexpr bool IsMappable(Access access) {
  return access == Access::kRead || access == Access::kReadWrite || access == Access::kReadExecute;
}

// What an entry remembers of a scope: whether it is global. A thread's mapping reads as the
// process's.
constexpr Scope EntryScope(Scope scope) {
  return scope == Scope::kGlobal ? Scope::kGlobal : Scope::kProcess;
}

// `Entry`     what the hardware reads. With its two lowest bits clear it is absent.
// `Features`  what differs between CPUs of the architecture (which levels may hold leaves).
// `Inherited` limits gathered from the table entries above a leaf; default: none.
// `kSpareBits` of a leaf, and `kMarkBits` of an absent entry, belong to the table's owner.
// `kHardwareBits`      what the hardware sets in a leaf by itself (accessed, dirty), at any moment.
// `kCountsEntries`     whether a table entry has room for the number of entries in use below.
// `kBreakBeforeMake`   whether an entry in use has to be absent, and forgotten by the TLBs, before
//                      it becomes one that MustBreak() or that has pages of another size.
// `kForgetsPageAtOnce` whether invalidating one address forgets all of a large page.
// `kFaultForgetsPage`  whether a fault makes the processor forget what it remembered of the page:
//                      then rights may be added to a page without a word.
// `kLeavesMayDisagree` whether a table entry decides something for all leaves below it, so that two
//                      may need contrary things of it.
template <class P>
concept PagingPolicy = requires(typename P::Entry entry, typename P::Features features,
                                typename P::Inherited inherited, unsigned level, uint64_t index,
                                PhysAddr pa, const PageAttributes& attributes) {
  requires std::unsigned_integral<typename P::Entry>;
  requires std::default_initializable<typename P::Inherited>;
  requires std::equality_comparable<typename P::Inherited>;
  requires std::same_as<decltype(P::kLevelCount), const unsigned>;
  requires std::same_as<decltype(P::kExtension), const AddressExtension>;
  requires std::same_as<decltype(P::kSpareBits), const unsigned>;
  requires std::same_as<decltype(P::kMarkBits), const unsigned>;
  requires std::same_as<decltype(P::kHardwareBits), const typename P::Entry>;
  requires std::same_as<decltype(P::kCountsEntries), const bool>;
  requires std::same_as<decltype(P::kBreakBeforeMake), const bool>;
  requires std::same_as<decltype(P::kForgetsPageAtOnce), const bool>;
  requires std::same_as<decltype(P::kFaultForgetsPage), const bool>;
  requires std::same_as<decltype(P::kLeavesMayDisagree), const bool>;

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
  // Entries. `attributes` must be ones that Granted() accepts, or grant nothing. A table entry has
  // what leaves with `attributes` need; Admit() makes an existing one so, and leaves alone one that
  // is. Leaves below that Admit() would change back no longer have what they need.
  { P::MakeLeaf(pa, attributes, level) } -> std::same_as<typename P::Entry>;
  { P::MakeTable(pa, attributes, level) } -> std::same_as<typename P::Entry>;
  { P::Admit(entry, attributes, level) } -> std::same_as<typename P::Entry>;
  // A leaf with other rights; what the hardware noted in it and the spare bits stay.
  { P::WithAttributes(entry, attributes, level) } -> std::same_as<typename P::Entry>;
  // The leaf of the level below that maps the `index`-th part of a leaf, alike in all else.
  { P::PartOf(entry, level, index) } -> std::same_as<typename P::Entry>;

  // A leaf's spare bits.
  { P::SpareOf(entry, level) } -> std::same_as<uint64_t>;
  { P::WithSpare(entry, index, level) } -> std::same_as<typename P::Entry>;
  // Absent entries with a mark, which is not 0.
  { P::MakeMark(index) } -> std::same_as<typename P::Entry>;
  { P::MarkOf(entry) } -> std::same_as<uint64_t>;

  // Reading back. TargetOf: the memory a leaf maps or the table a table entry points to.
  // A leaf's target stands in its entry at its own bits: the next page's entry is the sum of both.
  { P::TargetOf(entry, level) } -> std::same_as<PhysAddr>;
  // TargetOf, of what is known to be a table entry.
  { P::TableOf(entry, level) } -> std::same_as<PhysAddr>;
  { P::Inherit(inherited, entry, level) } -> std::same_as<typename P::Inherited>;
  { P::AttributesOf(entry, level, inherited) } -> std::same_as<PageAttributes>;
  { P::IsGlobal(entry, level) } -> std::same_as<bool>;
};

// How many entries of its table are in use, kept in a table entry. For policies that count.
template <class P>
concept CountingPolicy = PagingPolicy<P> && requires(typename P::Entry entry, uint64_t count) {
  { P::LiveEntries(entry) } -> std::same_as<uint64_t>;
  { P::WithLiveEntries(entry, count) } -> std::same_as<typename P::Entry>;
};

}  // namespace mm
