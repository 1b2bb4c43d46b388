// What address spaces are to a program, page by page, without areas, entries or frames: what
// space_trial.h compares the real ones with. Test support.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/fault_info.h"
#include "kernel/mm/space/space_request.h"
#include "kernel/mm/space/vma.h"

namespace mm {

struct ModelPage {
  bool is_mapped = false;
  Access access = Access::kNone;
  Access may = Access::kNone;
  VmaKind kind = VmaKind::kAnonymous;
  Sharing sharing = Sharing::kPrivate;
  Locked locked = Locked::kNo;
  int object = -1;            // none
  uint64_t number = 0;        // of the object's page
  uint64_t limit = kNoLimit;  // bytes of the object from here on

  bool is_present = false;
  int own = 0;    // which memory of its own; 0: none
  int value = 0;  // of its first byte, when it has memory of its own

  [[nodiscard]] bool ShowsObject() const { return object >= 0 && limit > 0; }

  // Whether the next page belongs to the same area.
  [[nodiscard]] bool GoesOnIn(const ModelPage& next) const {
    if (!is_mapped || !next.is_mapped) return false;
    if (access != next.access || may != next.may || kind != next.kind || sharing != next.sharing ||
        locked != next.locked || object != next.object) {
      return false;
    }
    return object < 0 || (next.number == number + 1 && next.limit == LimitAfter(limit, 1));
  }

  static uint64_t LimitAfter(uint64_t limit, uint64_t pages) {
    if (limit == kNoLimit) return limit;
    return limit - std::min(limit, PageCount{pages}.bytes());
  }
};

struct ModelObject {
  static constexpr size_t kMostPages = 8;

  uint64_t size_bytes = 0;
  std::array<bool, kMostPages> is_made{};
  std::array<int, kMostPages> value{};

  [[nodiscard]] uint64_t pages() const { return PagesFor(size_bytes).value; }
  [[nodiscard]] bool Make(uint64_t number) {
    if (number >= pages()) return false;
    is_made[static_cast<size_t>(number)] = true;
    return true;
  }
};

struct ModelSpace {
  static constexpr size_t kPages = 16;

  std::array<ModelPage, kPages> pages{};
  uint64_t break_pages = 0;  // the heap begins with page 0

  [[nodiscard]] size_t LastOfArea(size_t page) const {
    while (page + 1 < kPages && pages[page].GoesOnIn(pages[page + 1])) ++page;
    return page;
  }
  [[nodiscard]] size_t CountAreas() const {
    size_t areas = 0;
    for (size_t page = 0; page < kPages; page = LastOfArea(page) + 1) {
      if (pages[page].is_mapped) ++areas;
    }
    return areas;
  }
  [[nodiscard]] size_t CountIf(auto is_counted) const {
    return static_cast<size_t>(std::ranges::count_if(pages, is_counted));
  }
  [[nodiscard]] bool AreMapped(size_t first, size_t count) const {
    return first + count <= kPages &&
           std::all_of(pages.begin() + first, pages.begin() + first + count,
                       [](const ModelPage& page) { return page.is_mapped; });
  }
  [[nodiscard]] bool IsFree(size_t first, size_t count) const {
    return std::none_of(pages.begin() + first, pages.begin() + first + count,
                        [](const ModelPage& page) { return page.is_mapped; });
  }
  void Unmap(size_t first, size_t count) { std::fill_n(pages.begin() + first, count, ModelPage{}); }
  void Map(size_t first, size_t count, const ModelPage& like) {
    for (size_t index = 0; index < count; ++index) {
      ModelPage& page = pages[first + index] = like;
      if (page.object < 0) continue;
      page.number += index;
      page.limit = ModelPage::LimitAfter(page.limit, index);
    }
  }
};

class SpaceModel {
 public:
  static constexpr size_t kSpaces = 3;
  static constexpr size_t kObjects = 2;
  static constexpr size_t kStackLimitPages = 5;

  std::array<ModelSpace, kSpaces> spaces{};
  std::array<ModelObject, kObjects> objects{};

  // How an access ends, and what it does. The value is written, or what was read.
  FaultOutcome Use(size_t space, size_t page, AccessKind kind, int& value) {
    ModelSpace& in = spaces[space];
    const ModelPage* const area = FindArea(in, page);
    if (area == nullptr) return FaultOutcome::kNotMapped;
    const Access wanted = kind == AccessKind::kWrite     ? Access::kWrite
                          : kind == AccessKind::kExecute ? Access::kExecute
                                                         : Access::kRead;
    if (!Has(area->access, wanted)) return FaultOutcome::kNotPermitted;
    GrowStack(in, page);
    ModelPage& at = in.pages[page];
    const bool is_there = at.is_present && (kind != AccessKind::kWrite || at.own != 0);
    if (!is_there && at.ShowsObject() && !objects[Index(at)].Make(at.number)) {
      return FaultOutcome::kBeyondObject;
    }
    at.is_present = true;
    if (at.ShowsObject() && at.sharing == Sharing::kShared) {
      int& shown = objects[Index(at)].value[static_cast<size_t>(at.number)];
      (kind == AccessKind::kWrite ? shown : value) = kind == AccessKind::kWrite ? value : shown;
      return FaultOutcome::kResolved;
    }
    const bool is_cut = at.ShowsObject() && at.limit < kPageSize;
    if (at.own == 0 && (kind == AccessKind::kWrite || is_cut)) {
      at.value = ShownValue(at);
      at.own = ++last_own_;
    } else if (kind == AccessKind::kWrite && IsOwnedTwice(at.own)) {
      at.own = ++last_own_;
    }
    if (kind == AccessKind::kWrite) at.value = value;
    value = at.own != 0 ? at.value : ShownValue(at);
    return FaultOutcome::kResolved;
  }

  void Clone(size_t from, size_t to) {
    spaces[to] = spaces[from];
    for (ModelPage& page : spaces[to].pages) {
      page.locked = Locked::kNo;
      if (page.sharing == Sharing::kShared) page.is_present = false;
    }
  }

  void Resize(size_t object, uint64_t size_bytes) {
    ModelObject& resized = objects[object];
    resized.size_bytes = size_bytes;
    for (size_t number = static_cast<size_t>(resized.pages()); number < ModelObject::kMostPages;
         ++number) {
      resized.is_made[number] = false;
      resized.value[number] = 0;
    }
    for (ModelSpace& space : spaces) {
      for (ModelPage& page : space.pages) {
        const bool goes =
            page.ShowsObject() && Index(page) == object && page.number >= resized.pages();
        if (goes) DropContents(page);
      }
    }
  }

  static void DropContents(ModelPage& page) {
    page.is_present = false;
    page.own = 0;
    page.value = 0;
  }

  // What no frame is needed for twice.
  [[nodiscard]] size_t CountFrames() const {
    std::array<int, kSpaces * ModelSpace::kPages> seen{};
    size_t frames = 0;
    for (const ModelSpace& space : spaces) {
      for (const ModelPage& page : space.pages) {
        const auto last = seen.begin() + static_cast<std::ptrdiff_t>(frames);
        if (page.own == 0 || std::find(seen.begin(), last, page.own) != last) continue;
        seen[frames++] = page.own;
      }
    }
    for (const ModelObject& object : objects) {
      frames += static_cast<size_t>(std::ranges::count(object.is_made, true));
    }
    return frames;
  }

 private:
  static size_t Index(const ModelPage& page) { return static_cast<size_t>(page.object); }

  [[nodiscard]] int ShownValue(const ModelPage& page) const {
    if (!page.ShowsObject()) return 0;
    return objects[Index(page)].value[static_cast<size_t>(page.number)];
  }

  [[nodiscard]] bool IsOwnedTwice(int own) const {
    size_t owners = 0;
    for (const ModelSpace& space : spaces) {
      owners += space.CountIf([&](const ModelPage& page) { return page.own == own; });
    }
    return owners > 1;
  }

  // The page, or else that of a stack above that may grow down to it: the page below must be
  // nobody's.
  static const ModelPage* FindArea(const ModelSpace& space, size_t page) {
    size_t stack = page;
    while (stack < ModelSpace::kPages && !space.pages[stack].is_mapped) ++stack;
    if (stack == page) return &space.pages[page];
    if (stack == ModelSpace::kPages || space.pages[stack].kind != VmaKind::kStack) return nullptr;
    if (space.LastOfArea(stack) - page + 1 > kStackLimitPages) return nullptr;
    if (page > 0 && space.pages[page - 1].is_mapped) return nullptr;
    return &space.pages[stack];
  }

  static void GrowStack(ModelSpace& space, size_t page) {
    size_t stack = page;
    while (!space.pages[stack].is_mapped) ++stack;
    ModelPage like = space.pages[stack];
    DropContents(like);
    space.Map(page, stack - page, like);
  }

  int last_own_ = 0;
};

}  // namespace mm
