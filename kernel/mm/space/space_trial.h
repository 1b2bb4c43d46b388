// Operations on a few address spaces that fork from each other and show the same objects, beside
// the model. Test support; runs in kernels too.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/space/space_model.h"
#include "kernel/mm/space/space_world.h"

namespace mm {

// One operation; what the numbers mean depends on `what`. Each is taken modulo what it may be.
struct SpaceOperation {
  // M map exactly there, m only if it is free, U unmap, P protect, R read, W write, E execute,
  // F fork over the space `other`, T move the end of the object, O write to the object, D drop
  // contents, K mark dead, S sweep, V scavenge, B move the break, Y remap exactly to the page
  // `other`, Z remap in place to `other` pages, L lock, l unlock
  char what;
  unsigned space;
  unsigned page;
  unsigned count;
  unsigned rights;  // of what is mapped or protected: access, kind, sharing
  unsigned object;
  unsigned other;
  unsigned failing;  // the allocation that fails, from 1; 0 for none
};

template <class Tables>
class SpaceTrialWith {
 public:
  static constexpr VirtAddr kBase{0x1000'0000};

  SpaceTrialWith() {
    for (auto& space : spaces_) space = MakeSpace();
    for (auto& object : objects_) object.emplace(*PagedObject::Create(world_.objects, 0));
  }

  // Whether both agree on how it ends, and on everything that can be seen afterwards.
  [[nodiscard]] bool Step(const SpaceOperation& operation) {
    SpaceModel before = model_;
    world_.FailAllocation(operation.failing);
    const Outcome outcome = Apply(operation);
    const bool may_fail = world_.has_failed() || world_.memory.memory().FreePages() < kFewPages;
    world_.FailNothing();
    if (outcome.is_out_of_memory) {
      if (!may_fail) return false;
      model_ = before;
      KeepMadePages();
    } else if (!outcome.agrees) {
      return false;
    }
    return IsSame();
  }

  // Everything ends; whether nothing is left.
  [[nodiscard]] bool Finish() {
    for (auto& space : spaces_) space = {};
    for (auto& object : objects_) object.reset();
    return world_.IsEmpty();
  }

 private:
  using World = SpaceWorldWith<Tables>;
  using Space = typename World::Space;
  using Reference = typename World::Reference;

  struct Outcome {
    bool agrees = true;
    bool is_out_of_memory = false;
  };

  static constexpr size_t kPages = ModelSpace::kPages;
  // So few are free that an operation may end for want of more.
  static constexpr PageCount kFewPages{12};

  Reference MakeSpace() {
    Reference space = world_.NewSpace();
    space->StartHeap(kBase);
    space->SetStackLimit(PageCount{SpaceModel::kStackLimitPages}.bytes());
    return space;
  }

  static VirtRange RangeOf(size_t first, size_t count) {
    return {kBase + PageCount{first}, PageCount{count}.bytes()};
  }

  template <class T>
  static Outcome Compare(const base::Result<T>& real, const base::Result<>& model) {
    if (!real && real.error() == base::Error::kOutOfMemory) return {.is_out_of_memory = true};
    const bool alike = real.has_value() == model.has_value() &&
                       (real.has_value() || real.error() == model.error());
    return {.agrees = alike};
  }

  // What an operation is about, after its numbers were cut.
  struct Subject {
    Space& space;
    ModelSpace& model;
    size_t first;
    size_t count;
    VirtRange range;
  };

  Outcome Apply(const SpaceOperation& operation) {
    const size_t number = operation.space % SpaceModel::kSpaces;
    const size_t first = operation.page % kPages;
    const size_t count = 1 + operation.count % (kPages - first);
    const Subject subject{*spaces_[number], model_.spaces[number], first, count,
                          RangeOf(first, count)};
    switch (operation.what) {
      case 'M':
      case 'm':
        return Map(operation, subject);
      case 'U':
        subject.model.Unmap(first, count);
        return Compare(subject.space.Unmap(subject.range), {});
      case 'K':
        subject.model.Unmap(first, count);
        return Compare(subject.space.MarkDead(subject.range), {});
      case 'P':
        return Protect(operation, subject);
      case 'R':
        return Use(number, first, AccessKind::kRead, 0);
      case 'E':
        return Use(number, first, AccessKind::kExecute, 0);
      case 'W':
        return Use(number, first, AccessKind::kWrite, 1 + static_cast<int>(operation.other % 200));
      case 'F':
        return Fork(number, operation.other % SpaceModel::kSpaces);
      case 'T':
        return Truncate(operation);
      case 'O':
        return WriteObject(operation);
      case 'D':
        return Drop(subject);
      case 'S':
        (void)subject.space.Sweep();
        return {};
      case 'V':
        return Scavenge(subject);
      case 'B':
        return SetBreak(subject);
      case 'Y':
        return Move(operation, subject);
      case 'Z':
        return ResizeArea(operation, subject);
      case 'L':
      case 'l':
        return Lock(operation, subject);
      default:
        return {};
    }
  }

  static Access AccessOf(unsigned rights) {
    // Mostly what can be written: else there is little to see.
    using enum Access;
    constexpr std::array kAll = {kReadWrite, kReadWrite, kReadWrite, kReadWrite,
                                 kReadWrite, kRead,      kNone,      kReadExecute};
    return kAll[rights % kAll.size()];
  }

  Outcome Map(const SpaceOperation& operation, const Subject& subject) {
    constexpr std::array kLimits = {kNoLimit, uint64_t{0}, uint64_t{100}, kPageSize,
                                    kPageSize + 100};
    const Access access = AccessOf(operation.rights);
    const unsigned kind = operation.rights / 8 % 4;  // anonymous, stack, private, shared
    const bool has_object = kind >= 2;
    const bool is_shared = kind == 3;
    const uint64_t limit = kind == 2 ? kLimits[operation.other % kLimits.size()] : kNoLimit;
    const size_t object = operation.object % SpaceModel::kObjects;
    const uint64_t page = operation.object / SpaceModel::kObjects % ModelObject::kMostPages;
    const bool only_free = operation.what == 'm';
    MapRequest request{.size_bytes = subject.range.size_bytes,
                       .access = access,
                       .may = access == Access::kRead ? Access::kRead : kAnyUserAccess,
                       .kind = has_object  ? VmaKind::kFile
                               : kind == 1 ? VmaKind::kStack
                                           : VmaKind::kAnonymous,
                       .sharing = is_shared ? Sharing::kShared : Sharing::kPrivate,
                       .limit_bytes = limit,
                       .place = only_free ? Place::kExactlyFree : Place::kExactly,
                       .va = subject.range.base};
    if (has_object) {
      request.object = objects_[object]->reference;
      request.offset_bytes = PageCount{page}.bytes();
    }
    base::Result<> expected;
    if (only_free && !subject.model.IsFree(subject.first, subject.count)) {
      expected = std::unexpected(base::Error::kOverlap);
    } else {
      subject.model.Map(subject.first, subject.count,
                        {.is_mapped = true,
                         .access = access,
                         .may = request.may,
                         .kind = request.kind,
                         .sharing = request.sharing,
                         .object = has_object ? static_cast<int>(object) : -1,
                         .number = has_object ? page : 0,
                         .limit = limit});
    }
    return Compare(subject.space.Map(request), expected);
  }

  Outcome Protect(const SpaceOperation& operation, const Subject& subject) {
    const Access access = AccessOf(operation.rights);
    base::Result<> expected;
    for (size_t index = 0; index < subject.count && expected; ++index) {
      ModelPage& page = subject.model.pages[subject.first + index];
      if (!page.is_mapped) {
        expected = std::unexpected(base::Error::kNotFound);
      } else if (!Has(page.may, access)) {
        expected = std::unexpected(base::Error::kNotPermitted);
      } else {
        page.access = access;
      }
    }
    return Compare(subject.space.Protect(subject.range, access), expected);
  }

  Outcome Use(size_t space, size_t page, AccessKind kind, int value) {
    const VirtAddr va = kBase + PageCount{page};
    int expected_value = value;
    const FaultOutcome expected = model_.Use(space, page, kind, expected_value);
    const typename World::Reached reached = world_.Use(*spaces_[space], va, kind);
    if (reached.outcome == FaultOutcome::kOutOfMemory) return {.is_out_of_memory = true};
    if (reached.outcome != expected) return {.agrees = false};
    if (expected != FaultOutcome::kResolved) return {};
    std::byte& byte = world_.Byte(reached.frame, va);
    if (kind == AccessKind::kWrite) byte = static_cast<std::byte>(value);
    return {.agrees = std::to_integer<int>(byte) == expected_value};
  }

  Outcome Fork(size_t from, size_t to) {
    if (from == to) return {};
    base::Result<Reference> child = spaces_[from]->Clone();
    if (!child) return Compare(child, {});
    spaces_[to] = std::move(*child);
    model_.Clone(from, to);
    return {};
  }

  Outcome Truncate(const SpaceOperation& operation) {
    constexpr uint64_t kUnit = kPageSize / 2;  // in the middle of a page, too
    const size_t object = operation.object % SpaceModel::kObjects;
    const uint64_t bytes = operation.page % (2 * ModelObject::kMostPages + 1) * kUnit;
    model_.Resize(object, bytes);
    return Compare(objects_[object]->object.Resize(bytes), {});
  }

  Outcome WriteObject(const SpaceOperation& operation) {
    const size_t object = operation.object % SpaceModel::kObjects;
    const size_t page = operation.page % ModelObject::kMostPages;
    const std::array byte = {static_cast<std::byte>(1 + operation.other % 200)};
    ModelObject& model = model_.objects[object];
    model.size_bytes = std::max(model.size_bytes, PageCount{page}.bytes() + 1);
    (void)model.Make(page);
    model.value[page] = std::to_integer<int>(byte[0]);
    return Compare(objects_[object]->object.Write(PageCount{page}.bytes(), byte), {});
  }

  Outcome Drop(const Subject& subject) {
    base::Result<> expected;
    bool is_locked = false;
    for (size_t index = 0; index < subject.count; ++index) {
      const ModelPage& page = subject.model.pages[subject.first + index];
      if (!page.is_mapped) expected = std::unexpected(base::Error::kNotFound);
      is_locked |= page.is_mapped && page.locked != Locked::kNo;
    }
    if (is_locked) expected = std::unexpected(base::Error::kInvalidArgument);
    for (size_t index = 0; index < subject.count && !is_locked; ++index) {
      SpaceModel::DropContents(subject.model.pages[subject.first + index]);
    }
    return Compare(subject.space.Advise(subject.range, Advice::kDontNeed), expected);
  }

  Outcome Scavenge(const Subject& subject) {
    for (ModelPage& page : subject.model.pages) {
      const bool goes = page.object >= 0 && page.locked == Locked::kNo && page.own == 0;
      if (goes) page.is_present = false;
    }
    (void)subject.space.Scavenge();
    return {};
  }

  Outcome SetBreak(const Subject& subject) {
    const size_t old_pages = static_cast<size_t>(subject.model.break_pages);
    const size_t pages = subject.first;
    base::Result<> expected;
    if (pages < old_pages) {
      subject.model.Unmap(pages, old_pages - pages);
    } else if (!subject.model.IsFree(old_pages, pages - old_pages)) {
      expected = std::unexpected(base::Error::kOverlap);
    } else {
      subject.model.Map(old_pages, pages - old_pages,
                        {.is_mapped = true,
                         .access = Access::kReadWrite,
                         .may = Access::kReadWrite,
                         .kind = VmaKind::kHeap});
    }
    if (expected) subject.model.break_pages = pages;
    return Compare(subject.space.SetBreak(kBase + PageCount{pages}), expected);
  }

  // The pages of one area, or what Remap() says of others.
  static bool IsInOneArea(const Subject& subject) {
    return subject.model.pages[subject.first].is_mapped &&
           subject.model.LastOfArea(subject.first) >= subject.first + subject.count - 1;
  }

  Outcome Move(const SpaceOperation& operation, const Subject& subject) {
    const size_t to = operation.other % kPages;
    const size_t pages = 1 + operation.rights % (kPages - to);
    base::Result<> expected;
    if (!IsInOneArea(subject)) {
      expected = std::unexpected(base::Error::kNotFound);
    } else if (RangeOf(to, pages).Overlaps(subject.range)) {
      expected = std::unexpected(base::Error::kInvalidArgument);
    } else {
      const std::array<ModelPage, kPages> old = subject.model.pages;
      ModelPage like = old[subject.first];
      SpaceModel::DropContents(like);
      subject.model.Map(to, pages, like);
      for (size_t index = 0; index < std::min(pages, subject.count); ++index) {
        subject.model.pages[to + index] = old[subject.first + index];
      }
      subject.model.Unmap(subject.first, subject.count);
    }
    // What was in the way may be gone when memory ends.
    world_.FailNothing();
    return Compare(subject.space.Remap(subject.range, {.size_bytes = PageCount{pages}.bytes(),
                                                       .move = RemapRequest::Move::kExactly,
                                                       .va = kBase + PageCount{to}}),
                   expected);
  }

  Outcome ResizeArea(const SpaceOperation& operation, const Subject& subject) {
    const size_t pages = 1 + operation.other % (kPages - subject.first);
    base::Result<> expected;
    if (!IsInOneArea(subject)) {
      expected = std::unexpected(base::Error::kNotFound);
    } else if (pages <= subject.count) {
      subject.model.Unmap(subject.first + pages, subject.count - pages);
    } else {
      const size_t last = subject.first + subject.count - 1;
      const size_t added = pages - subject.count;
      if (subject.model.LastOfArea(last) != last || !subject.model.IsFree(last + 1, added)) {
        expected = std::unexpected(base::Error::kOverlap);
      } else {
        ModelPage like = subject.model.pages[last];
        SpaceModel::DropContents(like);
        if (like.object >= 0) {
          ++like.number;
          like.limit = ModelPage::LimitAfter(like.limit, 1);
        }
        subject.model.Map(last + 1, added, like);
      }
    }
    return Compare(subject.space.Remap(subject.range, {.size_bytes = PageCount{pages}.bytes()}),
                   expected);
  }

  // Of areas that may be read and of memory without an object, so that all pages can be made.
  Outcome Lock(const SpaceOperation& operation, const Subject& subject) {
    const Locked wanted = operation.other % 2 == 0 ? Locked::kYes : Locked::kOnFault;
    const Locked locked = operation.what == 'L' ? wanted : Locked::kNo;
    for (size_t index = 0; index < subject.count; ++index) {
      const ModelPage& page = subject.model.pages[subject.first + index];
      if (page.is_mapped && (page.object >= 0 || page.access == Access::kNone)) return {};
    }
    if (!subject.model.AreMapped(subject.first, subject.count)) {
      return Compare(subject.space.SetLocked(subject.range, locked),
                     std::unexpected(base::Error::kNotFound));
    }
    world_.FailNothing();
    const Outcome outcome = Compare(subject.space.SetLocked(subject.range, locked), {});
    for (size_t index = 0; index < subject.count; ++index) {
      ModelPage& page = subject.model.pages[subject.first + index];
      page.locked = locked;
      if (locked != Locked::kYes || page.is_present) continue;
      int value = 0;
      const bool is_written = Has(page.access, Access::kWrite);
      (void)model_.Use(operation.space % SpaceModel::kSpaces, subject.first + index,
                       is_written ? AccessKind::kWrite : AccessKind::kRead, value);
    }
    return outcome;
  }

  // A page that an object made before memory ended is its own.
  void KeepMadePages() {
    for (size_t index = 0; index < SpaceModel::kObjects; ++index) {
      ModelObject& model = model_.objects[index];
      for (uint64_t number = 0; number < model.pages(); ++number) {
        if (objects_[index]->object.HasPage(number)) (void)model.Make(number);
      }
    }
  }

  // Areas, pages and frames are those of the model, and all structures are sound.
  [[nodiscard]] bool IsSame() {
    for (size_t index = 0; index < SpaceModel::kSpaces; ++index) {
      if (!IsSameSpace(*spaces_[index], model_.spaces[index])) return false;
    }
    for (const auto& object : objects_) {
      if (!object->object.CheckInvariants()) return false;
    }
    // Of dead areas the model knows nothing.
    const bool any_dead = std::ranges::any_of(
        spaces_, [](const Reference& space) { return space->counters().dead_count > 0; });
    const size_t frames = model_.CountFrames();
    return any_dead ? world_.frames_in_use() >= frames : world_.frames_in_use() == frames;
  }

  static bool IsSameSpace(Space& space, const ModelSpace& model) {
    if (!space.CheckInvariants()) return false;
    const SpaceCounters counters = space.counters();
    const auto is_mapped = [](const ModelPage& page) { return page.is_mapped; };
    const auto is_shared = [](const ModelPage& page) { return page.sharing == Sharing::kShared; };
    if (counters.area_count != model.CountAreas()) return false;
    if (counters.areas.total.value != model.CountIf(is_mapped)) return false;
    if (counters.areas.shared.value != model.CountIf(is_shared)) return false;
    const size_t present = model.CountIf([](const ModelPage& page) { return page.is_present; });
    if (counters.dead_count == 0 && counters.physical_pages.value != present) return false;
    if (space.Break() != kBase + PageCount{model.break_pages}) return false;
    bool is_same = true;
    size_t page = 0;
    space.ForEachVma([&](const Vma& vma) {
      while (page < kPages && !model.pages[page].is_mapped) ++page;
      if (page == kPages) {
        is_same = false;
        return;
      }
      const size_t last = model.LastOfArea(page);
      const ModelPage& like = model.pages[page];
      is_same &= vma.range == RangeOf(page, last - page + 1);
      is_same &= vma.access == like.access && vma.may == like.may && vma.kind == like.kind;
      is_same &= vma.sharing == like.sharing && vma.locked == like.locked;
      is_same &= vma.limit_bytes == like.limit;
      is_same &= vma.offset_bytes == PageCount{like.number}.bytes();
      page = last + 1;
    });
    return is_same;
  }

  World world_;
  SpaceModel model_;
  std::array<Reference, SpaceModel::kSpaces> spaces_;
  std::array<std::optional<PagedObject::Handle>, SpaceModel::kObjects> objects_;
};

using SpaceTrial = SpaceTrialWith<ListTables>;

}  // namespace mm
