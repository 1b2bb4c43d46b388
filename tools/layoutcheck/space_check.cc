#include "tools/layoutcheck/space_check.h"

#include <algorithm>
#include <format>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/finding.h"
#include "tools/layoutcheck/frame_set.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/mapping.h"
#include "tools/layoutcheck/process_list.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck {
namespace {

// What every process has is the layout's affair.
bool IsOwn(const Mapping& run) {
  return run.attributes.user != Rights::kNone && run.attributes.reach == Reach::kOneSpace;
}

// Calls `use` with the first byte of each page of a run between two addresses, and its frame.
template <class Use>
void ForEachPage(const Mapping& run, VirtualAddress first, VirtualAddress last, Use&& use) {
  for (VirtualAddress va = first;; va = va + kPageBytes) {
    use(va, run.target + (va - run.first));
    if (last - va < kPageBytes) return;
  }
}

// Cuts a run at the ends of areas: `in_area` is called with what is in one, `outside` with the
// rest.
template <class InArea, class Outside>
void CutToAreas(std::span<const Area> areas, const Mapping& run, InArea&& in_area,
                Outside&& outside) {
  VirtualAddress next = run.first;
  auto area = std::ranges::lower_bound(areas, run.first, {}, &Area::last);
  for (; area != areas.end() && area->first <= run.last(); ++area) {
    if (next < area->first) outside(next, VirtualAddress{area->first.value - 1});
    next = std::max(next, area->first);
    const VirtualAddress last = std::min(run.last(), area->last);
    in_area(*area, next, last);
    if (last == run.last()) return;
    next = last + 1;
  }
  outside(next, run.last());
}

// What `runs` have at an address, and how far it goes on like that.
struct Stretch {
  const Mapping* run;  // null where nothing is mapped
  VirtualAddress last;
};

Stretch StretchAt(std::span<const Mapping> runs, VirtualAddress va) {
  constexpr VirtualAddress kLast = {~uint64_t{0}};
  const auto run = std::ranges::lower_bound(runs, va, {}, &Mapping::last);
  if (run == runs.end()) return {nullptr, kLast};
  if (va < run->first) return {nullptr, {run->first.value - 1}};
  return {&*run, run->last()};
}

// The same of a thread's own ranges, which are few.
struct OwnStretch {
  bool is_own;
  VirtualAddress last;
};

OwnStretch OwnAt(const Thread& thread, VirtualAddress va) {
  OwnStretch stretch = {false, {~uint64_t{0}}};
  for (const OwnRange& range : thread.own) {
    if (range.first <= va && va <= range.last) return {true, range.last};
    if (va < range.first) stretch.last = std::min(stretch.last, {range.first.value - 1});
  }
  return stretch;
}

// Calls `use` with the parts of `run` that are the thread's own: their first and last byte.
template <class Use>
void ForEachOwn(const Thread& thread, const Mapping& run, Use&& use) {
  for (VirtualAddress va = run.first;;) {
    const OwnStretch stretch = OwnAt(thread, va);
    const VirtualAddress last = std::min(stretch.last, run.last());
    if (stretch.is_own) use(va, last);
    if (last == run.last()) return;
    va = last + 1;
  }
}

bool IsWritable(const Mapping& run) {
  return Has(run.attributes.user | run.attributes.kernel, Rights::kWrite);
}

class SpaceChecker {
 public:
  SpaceChecker(const Layout& layout, const SpaceFrames& frames)
      : layout_(layout), frames_(frames) {}

  void CheckRun(const Process& process, const Mapping& run) {
    if (run.attributes.user == Rights::kNone) return;
    ReportOverlaps(FaultKind::kTableShown, run, run.first, run.last(), frames_.tables());
    if (IsOwn(run)) CheckAreas(process.areas, run);
  }

  void CheckOwn(const Thread& thread, const Mapping& run) {
    ForEachOwn(thread, run, [&](VirtualAddress first, VirtualAddress last) {
      if (run.attributes.user != Rights::kNone) {
        ReportOverlaps(FaultKind::kTableShown, run, first, last, frames_.tables());
      }
      if (IsWritable(run)) {
        ReportOverlaps(FaultKind::kPrivateShown, run, first, last, frames_.shown_twice());
      } else {
        CheckQueue(run, first, last);
      }
    });
  }

  void CompareOthers(const Thread& thread, std::span<const Mapping> runs,
                     std::span<const Mapping> runs_of_process) {
    for (VirtualAddress va = {0};;) {
      const Stretch here = StretchAt(runs, va);
      const Stretch there = StretchAt(runs_of_process, va);
      const OwnStretch own = OwnAt(thread, va);
      const VirtualAddress last = std::min({here.last, there.last, own.last});
      if (!own.is_own && !AreAlike(here.run, there.run, va)) {
        Report(FaultKind::kThreadDiffers, va, last,
               std::format("{}, process {}", TextAt(here.run, va), TextAt(there.run, va)));
      }
      if (last.value == ~uint64_t{0}) return;
      va = last + 1;
    }
  }

  std::vector<Finding> TakeFindings() { return std::move(findings_); }

 private:
  void Report(FaultKind kind, VirtualAddress first, VirtualAddress last, std::string detail) {
    const Region* const region = FindRegion(layout_, first);
    findings_.push_back(
        {kind, region == nullptr ? "" : region->name, first, last, std::move(detail)});
  }

  // Of `run`, from `first` to `last`: what is in the set.
  void ReportOverlaps(FaultKind kind, const Mapping& run, VirtualAddress first, VirtualAddress last,
                      const FrameSet& set) {
    PhysicalRange rest = {run.target + (first - run.first), run.target + (last - run.first)};
    while (const std::optional<PhysicalRange> shared = set.FindOverlap(rest)) {
      Report(kind, run.first + (shared->first - run.target),
             run.first + (shared->last - run.target),
             std::format("the frame at {}", Text(shared->first)));
      if (shared->last == rest.last) return;
      rest.first = shared->last + 1;
    }
  }

  // The kernel may write a queue elsewhere than where the thread reads it.
  void CheckQueue(const Mapping& run, VirtualAddress first, VirtualAddress last) {
    for (const Region& region : layout_.regions) {
      if (region.service != Service::kQueue || region.first < first || last < region.first)
        continue;
      ReportOverlaps(FaultKind::kPrivateShown, run, region.first, region.first + (kPageBytes - 1),
                     frames_.shown_twice());
    }
  }

  static bool AreAlike(const Mapping* one, const Mapping* other, VirtualAddress va) {
    if (one == nullptr || other == nullptr) return one == other;
    return one->target + (va - one->first) == other->target + (va - other->first) &&
           one->attributes == other->attributes;
  }

  static std::string TextAt(const Mapping* run, VirtualAddress va) {
    if (run == nullptr) return "nothing";
    return std::format("the frame at {}, user {}", Text(run->target + (va - run->first)),
                       Text(run->attributes.user));
  }

  void CheckAreas(std::span<const Area> areas, const Mapping& run) {
    CutToAreas(
        areas, run,
        [&](const Area& area, VirtualAddress first, VirtualAddress last) {
          CheckPiece(area, run, first, last);
        },
        [&](VirtualAddress first, VirtualAddress last) { ReportOutside(run, first, last); });
  }

  void ReportOutside(const Mapping& run, VirtualAddress first, VirtualAddress last) {
    Report(FaultKind::kOutsideEveryArea, first, last,
           std::format("user {}", Text(run.attributes.user)));
  }

  // Hardware has no page that may be written or executed, and not read.
  void CheckPiece(const Area& area, const Mapping& run, VirtualAddress first, VirtualAddress last) {
    const Rights has = run.attributes.user;
    const Rights allowed =
        area.rights == Rights::kNone ? Rights::kNone : area.rights | Rights::kRead;
    if (!Has(allowed, has)) {
      Report(FaultKind::kMoreThanArea, first, last,
             std::format("user {}, allowed {}", Text(has), Text(area.rights)));
    }
    // A private page that may be written without a fault is nobody else's.
    if (area.sharing == Sharing::kPrivate && Has(has, Rights::kWrite)) {
      ReportOverlaps(FaultKind::kPrivateShown, run, first, last, frames_.shown_twice());
    }
    if (area.sharing != Sharing::kGlobal) return;
    ForEachPage(run, first, last, [&](VirtualAddress page, PhysicalAddress frame) {
      const PhysicalAddress elsewhere = frames_.BlockFrame(page);
      if (frame == elsewhere) return;
      Report(FaultKind::kBlockDiffers, page, page + (kPageBytes - 1),
             std::format("the frame at {}, elsewhere {}", Text(frame), Text(elsewhere)));
    });
  }

  const Layout& layout_;
  const SpaceFrames& frames_;
  std::vector<Finding> findings_;
};

}  // namespace

void SpaceFrames::Add(const Process& process, std::span<const Mapping> runs,
                      std::span<const PhysicalAddress> tables) {
  for (const Mapping& run : runs) {
    if (!IsOwn(run)) continue;
    shown_.push_back(run.frames());
    const auto add = [this](VirtualAddress page, PhysicalAddress frame) {
      block_frames_.try_emplace(page, frame);
    };
    CutToAreas(
        process.areas, run,
        [&](const Area& area, VirtualAddress first, VirtualAddress last) {
          if (area.sharing == Sharing::kGlobal) ForEachPage(run, first, last, add);
        },
        [](VirtualAddress, VirtualAddress) {});
  }
  AddTables(tables);
}

void SpaceFrames::Add(const Thread& thread, std::span<const Mapping> runs,
                      std::span<const PhysicalAddress> tables) {
  for (const Mapping& run : runs) {
    ForEachOwn(thread, run, [&](VirtualAddress first, VirtualAddress last) {
      shown_.push_back({run.target + (first - run.first), run.target + (last - run.first)});
    });
  }
  AddTables(tables);
}

void SpaceFrames::AddTables(std::span<const PhysicalAddress> tables) {
  for (const PhysicalAddress table : tables) tables_.Add({table, table + (kPageBytes - 1)});
}

void SpaceFrames::Seal() {
  std::ranges::sort(shown_, {}, &PhysicalRange::first);
  std::optional<PhysicalAddress> last;  // of all before
  for (const PhysicalRange& range : shown_) {
    if (last && range.first <= *last) shown_twice_.Add({range.first, std::min(range.last, *last)});
    last = last ? std::max(*last, range.last) : range.last;
  }
  shown_twice_.Seal();
  tables_.Seal();
}

std::vector<Finding> CheckSpace(const Layout& layout, const Process& process,
                                std::span<const Mapping> runs, const SpaceFrames& frames) {
  SpaceChecker checker(layout, frames);
  for (const Mapping& run : runs) checker.CheckRun(process, run);
  return checker.TakeFindings();
}

std::vector<Finding> CheckThread(const Layout& layout, const Thread& thread,
                                 std::span<const Mapping> runs,
                                 std::span<const Mapping> runs_of_process,
                                 const SpaceFrames& frames) {
  SpaceChecker checker(layout, frames);
  checker.CompareOthers(thread, runs, runs_of_process);
  for (const Mapping& run : runs) checker.CheckOwn(thread, run);
  return checker.TakeFindings();
}

}  // namespace layoutcheck
