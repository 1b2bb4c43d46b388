// The pages that kernel/init/user_trial.cc's programs run in, in a page table of their own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/base/result.h"
#include "kernel/init/system.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/frames/frame_types.h"
#include "kernel/space/user_table.h"

namespace kernel {

// Side by side, from the start of the program's region on.
enum class TrialPage : uint8_t { kCode, kStack, kOtherStack, kMissing };

class TrialSpace {
 public:
  // The kernel's entries are shared already. With the code in its page, the stacks empty, and the
  // last page not there. Active from then on until it ends. Errors: those of the page table and the
  // frames.
  [[nodiscard]] static base::Result<TrialSpace> Create(const System& system);

  TrialSpace(TrialSpace&& other) noexcept;
  TrialSpace(const TrialSpace&) = delete;
  TrialSpace& operator=(const TrialSpace&) = delete;
  TrialSpace& operator=(TrialSpace&&) = delete;
  ~TrialSpace();

  [[nodiscard]] mm::VirtAddr AddressOf(TrialPage page) const {
    return base_ + mm::PageCount{static_cast<uint64_t>(page)};
  }

  // A page of zeros, for reading and writing.
  [[nodiscard]] base::Result<> AddPage(TrialPage page);

 private:
  static constexpr size_t kPages = 4;

  TrialSpace(const System& system, UserTable table, mm::VirtAddr base)
      : system_(&system), table_(std::move(table)), base_(base) {}

  [[nodiscard]] base::Result<mm::FrameNumber> AddFrame();
  [[nodiscard]] base::Result<> MapFrame(TrialPage page, mm::FrameNumber frame, mm::Access access);

  const System* system_;
  UserTable table_;
  mm::VirtAddr base_;
  std::array<mm::FrameNumber, kPages> frames_{};
  size_t frame_count_ = 0;
};

}  // namespace kernel
