// Where the parts of a process lie whose layout packs them (Layout::process_parts), from the bottom
// up: heap, the room that it may still grow into, a guard, the room for the stack, the stack, and
// the process's copy of what contexts share. The layout has their order and packing; their sizes
// are each program's own.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/checks/layout_packing.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"

namespace mm {

struct ProcessSizes {
  uint64_t heap_bytes;    // at most; may be 0
  uint64_t stack_bytes;   // at most, and at least 1; the process may have up to a page more
  uint64_t shared_bytes;  // at least 1
};

// How much of it there is.
struct ProcessExtent {
  uint64_t heap_bytes = 0;  // whole pages, from the bottom
  VirtAddr stack_base;      // of the lowest page

  friend constexpr bool operator==(const ProcessExtent&, const ProcessExtent&) = default;
};

class ProcessPlan {
 public:
  // Of the copy's first byte, which is also the stack's top: what calling conventions ask of it.
  static constexpr uint64_t kPackedAlignment = 8;

  // In a region of whole pages. Errors: kInvalidArgument (a size that has to be there is 0),
  // kOutOfRange (more than the region has).
  [[nodiscard]] static constexpr base::Result<ProcessPlan> Make(const VirtRange& region,
                                                                const ProcessSizes& sizes) {
    CHECK(region.IsAligned(kPageSize));
    if (sizes.stack_bytes == 0 || sizes.shared_bytes == 0) {
      return std::unexpected(base::Error::kInvalidArgument);
    }
    // None of the sums below can wrap then.
    if (std::max({sizes.heap_bytes, sizes.stack_bytes, sizes.shared_bytes}) > region.size_bytes) {
      return std::unexpected(base::Error::kOutOfRange);
    }
    const uint64_t heap_bytes = PagesFor(sizes.heap_bytes).bytes();
    const uint64_t copy_bytes = base::AlignUp(sizes.shared_bytes, kPackedAlignment);
    const uint64_t top_bytes = PagesFor(sizes.stack_bytes + copy_bytes).bytes();
    const uint64_t bytes = heap_bytes + kPageSize + top_bytes;
    if (bytes > region.size_bytes) return std::unexpected(base::Error::kOutOfRange);
    ProcessPlan plan;
    plan.whole_ = {region.base, bytes};
    plan.heap_ = {region.base, heap_bytes};
    plan.guard_ = {region.base + heap_bytes, kPageSize};
    plan.stack_ = {plan.guard_.last() + 1, top_bytes - copy_bytes};
    plan.shared_ = {plan.stack_.last() + 1, copy_bytes};
    return plan;
  }

  // From the region's first byte to the process's last, which is a page's.
  [[nodiscard]] constexpr const VirtRange& whole() const { return whole_; }
  // As far as it may grow; empty for a program without one.
  [[nodiscard]] constexpr const VirtRange& heap() const { return heap_; }
  [[nodiscard]] constexpr const VirtRange& guard() const { return guard_; }
  // As far as it may grow. It ends where the copy begins.
  [[nodiscard]] constexpr const VirtRange& stack() const { return stack_; }
  // To the last byte of the process.
  [[nodiscard]] constexpr const VirtRange& shared() const { return shared_; }

  // Pages of the stack and the copy above it, from the stack's lowest page on.
  [[nodiscard]] constexpr VirtRange TopFrom(VirtAddr stack_base) const {
    return FromFirstToLast(stack_base, whole_.last());
  }

  // At the beginning: no heap, and one page of stack, which the copy may share.
  [[nodiscard]] constexpr ProcessExtent FirstExtent() const {
    return {.heap_bytes = 0, .stack_base = AlignDown(stack_.last(), kPageSize)};
  }

  // The parts as they are to lie when there is that much. Those of which there is nothing are
  // empty.
  [[nodiscard]] constexpr std::array<PlacedPart, 6> PartsOf(const ProcessExtent& extent) const {
    const VirtAddr heap_behind = heap_.base + extent.heap_bytes;
    return {{
        {"heap", {heap_.base, extent.heap_bytes}},
        {"unmapped heap", {heap_behind, heap_.size_bytes - extent.heap_bytes}},
        {"stack guard", guard_},
        {"unmapped stack", {stack_.base, extent.stack_base - stack_.base}},
        {"stack", FromFirstToLast(extent.stack_base, stack_.last())},
        {"shared", shared_},
    }};
  }

 private:
  constexpr ProcessPlan() = default;

  VirtRange whole_;
  VirtRange heap_;
  VirtRange guard_;
  VirtRange stack_;
  VirtRange shared_;
};

enum class ProcessFault : uint8_t {
  kStrangeArea,    // neither heap nor stack, or not where they are to be
  kAreaRights,     // not r and w
  kPageOutside,    // a page where no part has any
  kPageRights,     // more than r and w, or user mode cannot read it
  kPartMisplaced,  // not in the layout's order, or not packed as it says
};

[[nodiscard]] constexpr std::string_view ProcessFaultName(ProcessFault fault) {
  switch (fault) {
    case ProcessFault::kStrangeArea:
      return "an area that is no part";
    case ProcessFault::kAreaRights:
      return "an area of other rights";
    case ProcessFault::kPageOutside:
      return "a page outside all parts";
    case ProcessFault::kPageRights:
      return "a page of other rights";
    case ProcessFault::kPartMisplaced:
      return "a misplaced part";
  }
  return "unknown";
}

struct ProcessFinding {
  ProcessFault fault;
  VirtAddr va;

  friend constexpr bool operator==(const ProcessFinding&, const ProcessFinding&) = default;
};

// Compares a process, as it is, with its plan: first all its areas, then all its pages.
class ProcessVerifier {
 public:
  // Both stay.
  constexpr ProcessVerifier(const Layout& layout, const ProcessPlan& plan)
      : layout_(layout), plan_(plan) {
    extent_.stack_base = plan.whole().last();  // of no page: there is no stack yet
  }

  constexpr void AddArea(const VirtRange& range, Access access) {
    if (access != Access::kReadWrite) Report(ProcessFault::kAreaRights, range.base);
    if (!range.IsAligned(kPageSize)) return Report(ProcessFault::kStrangeArea, range.base);
    if (range.base == plan_.heap().base && plan_.heap().Contains(range)) {
      extent_.heap_bytes = range.size_bytes;
    } else if (range.last() == plan_.whole().last() && range.base >= plan_.stack().base &&
               range.base <= plan_.FirstExtent().stack_base) {
      extent_.stack_base = range.base;
      has_stack_ = true;
    } else {
      Report(ProcessFault::kStrangeArea, range.base);
    }
  }

  // Of user mode.
  constexpr void AddPage(VirtAddr va, Access access) {
    if (access != Access::kRead && access != Access::kReadWrite) {
      Report(ProcessFault::kPageRights, va);
    }
    const bool is_heap = VirtRange{plan_.heap().base, extent_.heap_bytes}.Contains(va);
    const bool is_top = has_stack_ && plan_.TopFrom(extent_.stack_base).Contains(va);
    if (!is_heap && !is_top) Report(ProcessFault::kPageOutside, va);
  }

  // The first that is wrong; nothing when all is as planned.
  [[nodiscard]] constexpr std::optional<ProcessFinding> Finish() {
    if (!has_stack_) Report(ProcessFault::kPartMisplaced, plan_.shared().base);
    if (first_) return first_;
    const auto misplaced =
        FindMisplacedPart(layout_.process_parts, plan_.PartsOf(extent_), plan_.whole().base);
    if (misplaced) Report(ProcessFault::kPartMisplaced, *misplaced);
    return first_;
  }

  // After Finish() without a finding.
  [[nodiscard]] constexpr const ProcessExtent& extent() const { return extent_; }

 private:
  constexpr void Report(ProcessFault fault, VirtAddr va) {
    if (!first_) first_ = {fault, va};
  }

  const Layout& layout_;
  const ProcessPlan& plan_;
  ProcessExtent extent_;
  bool has_stack_ = false;
  std::optional<ProcessFinding> first_;
};

}  // namespace mm
