// A process with two native threads put through operations, and after each their tables compared
// page by page: the process's pages are in all three, the threads' own in one. Memory ends at any
// moment, and threads end and begin. The architectures bring a `Machine` as for user_pages_trial.h,
// with
//
//   kThread         what is each thread's own
//   kBesideThread   where the process's pages may lie, some of it within kThread
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/mm/tables/space_table.h"
#include "kernel/mm/tables/thread_pages.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "kernel/mm/tables/user_pages.h"

namespace mm {

template <class Machine, class Memory, class Choices>
class ThreadPagesTrial {
 public:
  using Pages = UserPages<typename Machine::Policy, Memory>;
  struct Thread final : ThreadPages<typename Machine::Policy, Memory> {
    using ThreadPages<typename Machine::Policy, Memory>::ThreadPages;
  };
  using Table = typename Pages::Table;

  ThreadPagesTrial(Memory& memory, Choices& choices)
      : choices_(choices),
        memory_(memory),
        kernel_(*Table::Create(Machine::kRoot, Machine::kFeatures, memory)) {
    constexpr PageAttributes kKernelData{Access::kNone, Access::kReadWrite, Caching::kNormal,
                                         Scope::kGlobal};
    is_sound_ = kernel_.Map({Machine::kKernel.base, kPageSize}, kKernelTarget, kKernelData) &&
                kernel_.ShareEntries(Machine::kKernel, Machine::kKernelLevel).has_value();
    process_.emplace(*Pages::Create(Machine::kRoot, kernel_, memory));
  }
  ThreadPagesTrial(const ThreadPagesTrial&) = delete;
  ThreadPagesTrial& operator=(const ThreadPagesTrial&) = delete;

  // One operation, compared.
  void Step() {
    switch (choices_.Below(8)) {
      case 0:
      case 1:
      case 2:
        MapOfProcess();
        break;
      case 3:
        process_->UnmapPages(ChooseRange(), [](VirtAddr, const UserPage&) {});
        break;
      case 4:
        MoveOfProcess();
        break;
      case 5:
      case 6:
        ChangeThread(choices_.Below(kThreads));
        break;
      default:
        BeginOrEnd(choices_.Below(kThreads));
    }
    for (size_t index = 0; index < kThreads; ++index) Compare(index);
  }

  void Finish() {
    for (size_t index = 0; index < kThreads; ++index) End(index);
    for (const VirtRange& window : Machine::kBesideThread) {
      process_->UnmapPages(window, [](VirtAddr, const UserPage&) {});
    }
    process_.reset();
    Expect(kernel_.CheckInvariants().has_value());
    kernel_.Release();
  }

  [[nodiscard]] bool IsSound() const { return is_sound_; }
  [[nodiscard]] size_t failures() const { return failures_; }

 private:
  static constexpr size_t kThreads = 2;
  static constexpr size_t kPagesOfThread = 4;
  static constexpr PhysAddr kKernelTarget{0x10'0000};

  void Expect(bool holds) { is_sound_ &= holds; }

  // Pages of the threads: the first two of one range, the last two of the other.
  static VirtAddr PlaceOf(size_t number) {
    const VirtRange& range = Machine::kThread[number / 2];
    const uint64_t last_page = range.size_bytes - kPageSize;
    return number < 2 ? range.base + number * kPageSize
                      : range.base + (last_page - (number - 2) * kPageSize);
  }
  static FrameNumber FrameOf(size_t index, size_t number) {
    return {0x100 + index * kPagesOfThread + number};
  }

  VirtRange ChooseRange() {
    const VirtRange& window =
        Machine::kBesideThread[choices_.Below(std::size(Machine::kBesideThread))];
    const uint64_t pages = window.size_bytes / kPageSize;
    const uint64_t first = choices_.Below(pages);
    return {window.base + first * kPageSize, (1 + choices_.Below(pages - first)) * kPageSize};
  }

  // Runs out of memory one time in four, at one of the first six tables.
  template <class Operation>
  base::Result<> TryWithFailures(Operation operation) {
    if (choices_.Below(4) == 0) {
      memory_.failure.FailAllocation(static_cast<unsigned>(1 + choices_.Below(6)));
    }
    const base::Result<> result = operation();
    memory_.failure.FailNothing();
    if (!result && result.error() == base::Error::kOutOfMemory) ++failures_;
    return result;
  }

  void MapOfProcess() {
    const VirtAddr va = ChooseRange().base;
    const bool was_there = process_->PageAt(va).has_value();
    const UserPage page{.frame = {0x1000 + choices_.Below(0x1000)},
                        .access = choices_.Below(4) == 0 ? Access::kNone : Access::kReadWrite};
    const auto result = TryWithFailures([&] { return process_->MapPage(va, page); });
    Expect(!was_there || !result);
  }

  void MoveOfProcess() {
    const VirtRange range = ChooseRange();
    const VirtRange target{ChooseRange().base, range.size_bytes};
    bool is_free = !target.Overlaps(range) && !target.Wraps();
    if (!is_free || target.Overlaps(Machine::kKernel)) return;
    process_->ForEachPage(target, [&](VirtAddr, const UserPage&) { is_free = false; });
    if (!is_free) return;
    const auto result = TryWithFailures([&] { return process_->MovePages(range, target.base); });
    // It must not stay where nobody unmaps it.
    if (result) process_->UnmapPages(target, [](VirtAddr, const UserPage&) {});
  }

  void ChangeThread(size_t index) {
    if (!threads_[index]) return;
    Thread& thread = *threads_[index];
    const size_t number = choices_.Below(kPagesOfThread);
    const VirtAddr va = PlaceOf(number);
    if (has_page_[index][number]) {
      thread.UnmapPages({va, kPageSize}, [&](VirtAddr at, const UserPage& page) {
        Expect(at == va && page.frame == FrameOf(index, number));
      });
      has_page_[index][number] = false;
      return;
    }
    const FrameNumber frame = FrameOf(index, number);
    const auto result = TryWithFailures([&] {
      return number == 0 ? thread.MapKernelPage(va, frame)
                         : thread.MapPage(va, {.frame = frame, .access = Access::kRead});
    });
    has_page_[index][number] = result.has_value();
  }

  void BeginOrEnd(size_t index) {
    if (threads_[index]) return End(index);
    threads_[index].emplace(*process_, Machine::kThread);
    const auto result = TryWithFailures([&] { return threads_[index]->Start(Machine::kRoot); });
    if (!result) threads_[index].reset();
  }

  void End(size_t index) {
    if (!threads_[index]) return;
    if (index == 0) threads_[index]->Retire();
    size_t left = 0;
    for (const bool has_page : has_page_[index]) left += has_page ? 1 : 0;
    for (const VirtRange& range : Machine::kThread) {
      threads_[index]->UnmapPages(range, [&](VirtAddr, const UserPage&) { --left; });
    }
    Expect(left == 0);
    has_page_[index] = {};
    threads_[index].reset();
  }

  void Compare(size_t index) {
    Expect(process_->CheckInvariants().has_value() && kernel_.CheckInvariants().has_value());
    if (!threads_[index]) return;
    const Thread& thread = *threads_[index];
    Expect(thread.CheckInvariants().has_value());
    Expect(thread.table().Translate(Machine::kKernel.base) == kKernelTarget);
    for (const VirtRange& window : Machine::kBesideThread) {
      for (uint64_t at = 0; at < window.size_bytes; at += kPageSize) {
        const VirtAddr va = window.base + at;
        if (thread.IsOwn(va)) continue;
        Expect(thread.table().Translate(va) == process_->table().Translate(va) &&
               thread.table().MarkAt(va) == process_->table().MarkAt(va));
      }
    }
    for (size_t number = 0; number < kPagesOfThread; ++number) {
      const auto found = thread.table().Query(PlaceOf(number));
      Expect(found.has_value() == has_page_[index][number]);
      if (!found) continue;
      Expect(found->target == BaseOf(FrameOf(index, number)) &&
             found->attributes.user == (number == 0 ? Access::kNone : Access::kRead));
    }
  }

  Choices& choices_;
  Memory& memory_;
  Table kernel_;
  std::optional<Pages> process_;
  std::array<std::optional<Thread>, kThreads> threads_;
  std::array<std::array<bool, kPagesOfThread>, kThreads> has_page_{};
  bool is_sound_ = true;
  size_t failures_ = 0;
};

}  // namespace mm
