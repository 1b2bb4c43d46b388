// A kernel that is built wrong on purpose: makes one wrong mapping, with the page tables that the
// hardware walks and the operations that every mapping is made with. The command line says which
// one (a word of kKinds) and when: `sabotage` before the kernel compares its tables with the layout
// for the first time, `sabotage-late` after it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/base/print.h"
#include "kernel/base/result.h"
#include "kernel/init/command_line.h"
#include "kernel/init/console.h"
#include "kernel/init/kernel_space.h"
#include "kernel/init/live_tables.h"
#include "kernel/init/milestone.h"
#include "kernel/init/system.h"
#include "kernel/mm/checks/layout_verify.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"

namespace kernel {
namespace {

using mm::Access;
using mm::PageAttributes;
using mm::PhysAddr;
using mm::VirtAddr;
using mm::VirtRange;
using Table = KernelSpace::Table;

constexpr uint64_t kPage = mm::kPageSize;
constexpr uint64_t kTableSpan = KernelSpace::kTableSpan;
constexpr uint64_t kTables = 4;

// Where the first wrong page is, or nothing in a layout that has no place for the mistake.
using Place = std::optional<VirtAddr>;

constexpr PageAttributes Plain(Access kernel) { return {.kernel = kernel}; }

void Succeed(const base::Result<>& result) { CHECK(result.has_value()); }

PhysAddr TakeFrame(const System& system) {
  const auto frame = system.memory.AllocateFrame();
  CHECK(frame.has_value());
  return mm::BaseOf(*frame);
}

// RAM that nobody uses, whole tables of it, where the direct map shows it.
VirtRange TakeRun(const System& system) {
  const mm::PageCount pages = mm::PagesIn(kTables * kTableSpan);
  const auto first = system.memory.Allocate({.pages = pages, .alignment = mm::PagesIn(kTableSpan)});
  CHECK(first.has_value());
  return {mm::DirectMapAddress(system.layout, mm::BaseOf(*first)), pages.bytes()};
}

const mm::ImageSection& Section(const System& system, std::string_view name) {
  const auto sections = system.image.sections();
  const auto section = std::ranges::find(sections, name, &mm::ImageSection::name);
  CHECK(section != sections.end());
  return *section;
}

PageAttributes AttributesAt(const Table& table, VirtAddr va) {
  const auto mapping = table.Query(va);
  CHECK(mapping.has_value());
  return mapping->attributes;
}

Place MapPage(const System& system, VirtAddr page, PhysAddr frame) {
  Succeed(LiveTableOf(page, system).Map({page, kPage}, frame, Plain(Access::kReadWrite)));
  return page;
}

// A part of the direct map with other attributes.
Place SpoilDirectMap(const System& system, const PageAttributes& attributes) {
  const VirtRange run = TakeRun(system);
  Succeed(LiveTableOf(run.base, system).Protect(run, attributes));
  return run.base;
}

// Who patches code through a second mapping has to take it away again.
Place AliasText(const System& system) {
  const auto area = system.areas.areas().Reserve(mm::PageCount{1}, "alias of text");
  CHECK(area.has_value());
  return MapPage(system, area->base, Section(system, "text").target);
}

Place MapUnusedPage(const System& system) {
  const mm::Region* const region = mm::FindService(system.layout, mm::Service::kUnused);
  if (region == nullptr) return std::nullopt;
  return MapPage(system, region->range.last() - (kPage - 1), TakeFrame(system));
}

// Between two rows.
Place MapOutsidePage(const System& system) {
  const std::span<const mm::Region> rows = system.layout.regions;
  const auto gap =
      std::ranges::adjacent_find(rows, [](const mm::Region& row, const mm::Region& next) {
        const bool same_half =
            static_cast<int64_t>(row.range.base.value ^ next.range.base.value) >= 0;
        return same_half && !mm::IsFollowedBy(row.range, next.range);
      });
  if (gap == rows.end()) return std::nullopt;
  return MapPage(system, gap->range.last() + 1, TakeFrame(system));
}

Place OpenToUser(const System& system) {
  return SpoilDirectMap(system, {.user = Access::kReadWrite, .kernel = Access::kReadWrite});
}

Place MapStackGuard(const System& system) {
  const VirtAddr guard = system.image.guards().front().base;
  const VirtRange image = system.image.range();
  const bool has_frame = image.Contains(guard);
  return MapPage(
      system, guard,
      has_frame ? system.image.physical_range().base + image.OffsetOf(guard) : TakeFrame(system));
}

// The guard behind a device's registers.
Place MapAreaGuard(const System& system) {
  Place guard;
  system.areas.areas().ForEachArea([&guard](const mm::VmallocArea& area) {
    if (!guard && area.kind == mm::AreaKind::kDevice) guard = area.guard().base;
  });
  CHECK(guard.has_value());
  return MapPage(system, *guard, TakeFrame(system));
}

Place ExecuteDirectMap(const System& system) {
  return SpoilDirectMap(system, Plain(Access::kReadExecute));
}

Place ForgetGlobal(const System& system) {
  return SpoilDirectMap(system, {.kernel = Access::kReadWrite, .scope = mm::Scope::kProcess});
}

Place CacheAsDevice(const System& system) {
  return SpoilDirectMap(system, {.kernel = Access::kReadWrite, .caching = mm::Caching::kDevice});
}

// Data begins a page too early: the last page of constants is writable.
Place MoveBoundary(const System& system) {
  const VirtRange constants = Section(system, "rodata").range;
  const VirtRange page = {constants.last() - (kPage - 1), kPage};
  Table table = LiveTableOf(page.base, system);
  Succeed(table.Protect(page, AttributesAt(table, Section(system, "data").range.base)));
  return page.base;
}

// ArvernOS #103: a section's last page is taken from its address plus its size, which is the first
// page of the next one. That page is mapped for both, and has the rights of the wrong one.
Place DoublePage(const System& system) {
  const VirtRange text = Section(system, "text").range;
  const VirtAddr next = text.last() + 1;
  Table table = LiveTableOf(text.base, system);
  Succeed(table.Protect(mm::FromFirstToLast(text.base, next + (kPage - 1)),
                        AttributesAt(table, text.base)));
  return next;
}

// NuttX #19175: what counts pages has already moved on to the next table's addresses when the
// table's number is added to them once more, so that every second entry is skipped.
Place SkipEntries(const System& system) {
  const VirtRange run = TakeRun(system);
  Table table = LiveTableOf(run.base, system);
  const PhysAddr frames = mm::DirectMapTargetOf(system.layout, run.base);
  Succeed(table.Unmap(run));
  for (uint64_t index = 0; 2 * index < kTables; ++index) {
    const VirtAddr counted = run.base + index * kTableSpan;
    Succeed(table.Map({counted + index * kTableSpan, kTableSpan}, frames + index * kTableSpan,
                      Plain(Access::kReadWrite)));
  }
  return run.base + kTableSpan;
}

// nanvix/kernel #316: one table too many is left out between two stretches of memory. What comes
// after it is shown a table's span too early.
Place SkipTable(const System& system) {
  const VirtRange run = TakeRun(system);
  Table table = LiveTableOf(run.base, system);
  const PhysAddr frames = mm::DirectMapTargetOf(system.layout, run.base);
  Succeed(table.Unmap(run));
  Succeed(table.Map({run.base, run.size_bytes - kTableSpan}, frames + kTableSpan,
                    Plain(Access::kReadWrite)));
  return run.base;
}

struct Kind {
  std::string_view name;
  Place (*make)(const System& system);
};

constexpr auto kKinds = std::to_array<Kind>({
    {"text-alias", AliasText},
    {"unused-page", MapUnusedPage},
    {"outside-page", MapOutsidePage},
    {"user-page", OpenToUser},
    {"stack-guard", MapStackGuard},
    {"area-guard", MapAreaGuard},
    {"direct-map-code", ExecuteDirectMap},
    {"not-global", ForgetGlobal},
    {"ram-as-device", CacheAsDevice},
    {"boundary", MoveBoundary},
    {"doubled-page", DoublePage},
    {"skipped-entries", SkipEntries},
    {"table-too-many", SkipTable},
});

}  // namespace

void Reach(Milestone milestone, const System& system, std::string_view command_line) {
  const bool is_late = milestone == Milestone::kBeforeMonitor;
  if (!HasWord(command_line, is_late ? "sabotage-late" : "sabotage")) return;
  for (const Kind& kind : kKinds) {
    if (!HasWord(command_line, kind.name)) continue;
    const Place place = kind.make(system);
    if (place) {
      base::Print(Console(), "sabotage {} at {}\n", kind.name, *place);
    } else {
      base::Print(Console(), "sabotage {} has no place in this layout\n", kind.name);
    }
    return;
  }
  Console().Write("sabotage: no such kind; there are:");
  for (const Kind& kind : kKinds) base::Print(Console(), " {}", kind.name);
  Console().Write("\n");
}

}  // namespace kernel
