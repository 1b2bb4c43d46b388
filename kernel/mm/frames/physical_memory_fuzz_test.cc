// Operations on physical memory made from bytes, beside a model that remembers the owner of every
// frame.
//
// Input: lines of five bytes, so that the corpus can be read and written by hand:
//
//   what   A allocates, a with a limit, F frees a run, f frees with an offset, w with another
//   length,
//          d drains the processor's cache
//   pages  its value is an order for digits, and a count of pages for all else
//   align  a digit is the order of the alignment
//   which  chooses among the runs, a zone, or a limit
//   and a line feed
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kernel/base/check.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/mm/frames/physical_memory_test_machine.h"

namespace mm {
namespace {

// Three zones, a hole inside a block and one of blocks.
constexpr FirmwareRange kRam[] = {{{0x0}, 0x9'F000, FirmwareKind::kRam},
                                  {{0x10'0000}, 0x50'0000, FirmwareKind::kRam},
                                  {{0xA0'0000}, 0x3F'F000, FirmwareKind::kRam}};
constexpr ZoneLimits kZones = {.normal_first = {kBlockFrames}, .high_first = {6 * kBlockFrames}};

using Machine = FakeMachine<8>;
constexpr size_t kFrames = Machine::kFrames;

struct Run {
  FrameNumber first;
  PageCount pages;
};

class Trial {
 public:
  explicit Trial(Machine& machine) : memory_(machine.Start(kRam, kZones)), map_(machine.map()) {}

  void Do(uint8_t what, uint8_t pages, uint8_t align, uint8_t which) {
    switch (what) {
      case 'A':
        return Allocate({.pages = PagesOf(pages),
                         .alignment = AlignmentOf(align),
                         .highest = static_cast<ZoneKind>(which % kZoneCount)});
      case 'a':
        return Allocate({.pages = PagesOf(pages),
                         .alignment = AlignmentOf(align),
                         .last = {uint64_t{which} * 16},
                         .highest = ZoneKind::kHigh});
      case 'F':
        return Free(which, 0, PageCount{0});
      case 'f':
        return Free(which, align % 16, PageCount{0});
      case 'w':
        return Free(which, 0, PagesOf(pages));
      default:
        return memory_.DrainThisCpu();
    }
  }

  void Check() {
    CHECK(memory_.CheckInvariants().has_value());
    CHECK(memory_.FreePages().value + allocated_ == map_.UsablePages().value);
    CHECK(memory_.late_faults() == 0);
  }

 private:
  static PageCount PagesOf(uint8_t letter) {
    if (letter >= '0' && letter <= '9') return {uint64_t{1} << (letter - '0')};
    return {uint64_t{letter} * (letter < 64 ? 1 : 8)};
  }
  static PageCount AlignmentOf(uint8_t letter) { return {uint64_t{1} << letter % 11}; }

  void Allocate(const FrameRequest& request) {
    const auto run = memory_.Allocate(request);
    if (!run) return;
    CHECK(run->value % request.alignment.value == 0 && request.pages.value != 0);
    for (FrameNumber frame = *run; frame < *run + request.pages; ++frame.value) {
      CHECK(map_.FindRegion(frame)->state == MemoryState::kUsable && frame <= request.last);
      CHECK(!taken_[frame.value]);
      taken_[frame.value] = true;
    }
    allocated_ += request.pages.value;
    if (count_ < runs_.size()) runs_[count_++] = {*run, request.pages};
  }

  void Free(uint8_t which, uint64_t offset, PageCount other_length) {
    if (count_ == 0) return;
    Run& run = runs_[which % count_];
    const PageCount pages = other_length.value != 0 ? other_length : run.pages;
    const auto freed = memory_.Free(run.first + PageCount{offset}, pages);
    if (offset != 0 || pages != run.pages) {
      // Another run may start there.
      CHECK(!freed || IsRun(run.first + PageCount{offset}, pages));
    } else {
      CHECK(freed.has_value());
    }
    if (freed) Forget(run.first + PageCount{offset});
  }

  [[nodiscard]] bool IsRun(FrameNumber first, PageCount pages) const {
    for (const Run& run : std::span(runs_).first(count_)) {
      if (run.first == first && run.pages == pages) return true;
    }
    return count_ == runs_.size();  // forgotten ones
  }

  void Forget(FrameNumber first) {
    for (Run& run : std::span(runs_).first(count_)) {
      if (run.first != first) continue;
      for (uint64_t i = 0; i < run.pages.value; ++i) taken_[first.value + i] = false;
      allocated_ -= run.pages.value;
      run = runs_[--count_];
      return;
    }
  }

  PhysicalMemory& memory_;
  const MemoryMap& map_;
  std::array<bool, kFrames> taken_{};
  std::array<Run, 4096> runs_{};
  size_t count_ = 0;
  uint64_t allocated_ = 0;
};

}  // namespace
}  // namespace mm

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static mm::Machine machine;
  static std::optional<mm::Trial> trial;
  trial.emplace(machine);
  constexpr size_t kLine = 5;
  for (size_t at = 0; at + kLine <= size; at += kLine) {
    trial->Do(data[at], data[at + 1], data[at + 2], data[at + 3]);
  }
  trial->Check();
  return 0;
}
