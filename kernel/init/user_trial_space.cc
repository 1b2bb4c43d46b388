#include "kernel/init/user_trial_space.h"

#include <algorithm>
#include <utility>

#include "arch/ops/trial_programs.h"
#include "kernel/base/check.h"
#include "kernel/init/kernel_areas.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/regions/frame_window.h"
#include "kernel/sync/cpu.h"

namespace kernel {

base::Result<TrialSpace> TrialSpace::Create(const System& system) {
  const mm::VirtAddr base = mm::RegionWith(system.layout, mm::Service::kProgram).range.base;
  // From here on it gives back what it has.
  TrialSpace space(system, TRY(UserTable::Create(system.user_tables)), base);
  const mm::FrameNumber code = TRY(space.AddFrame());
  {
    const locking::CpuPin pin;
    const mm::FrameWindow window = system.areas.windows().Open(pin, code);
    std::ranges::copy(arch::TrialCode(), window.bytes().begin());
  }
  TRY(space.MapFrame(TrialPage::kCode, code, mm::Access::kReadExecute));
  TRY(space.AddPage(TrialPage::kStack));
  TRY(space.AddPage(TrialPage::kOtherStack));
  space.table_.Activate();
  return space;
}

TrialSpace::TrialSpace(TrialSpace&& other) noexcept
    : system_(std::exchange(other.system_, nullptr)),
      table_(std::move(other.table_)),
      base_(other.base_),
      frames_(other.frames_),
      frame_count_(other.frame_count_) {}

TrialSpace::~TrialSpace() {
  if (system_ == nullptr) return;
  system_->user_tables.Leave();
  table_.Retire();
  table_.UnmapPages({base_, mm::PageCount{kPages}.bytes()},
                    [](mm::VirtAddr, const mm::UserPage&) {});
  for (const mm::FrameNumber frame : std::span(frames_).first(frame_count_)) {
    CHECK(system_->memory.Free(frame, mm::PageCount{1}).has_value());
  }
}

base::Result<> TrialSpace::AddPage(TrialPage page) {
  return MapFrame(page, TRY(AddFrame()), mm::Access::kReadWrite);
}

base::Result<mm::FrameNumber> TrialSpace::AddFrame() {
  CHECK(frame_count_ < kPages);
  const mm::FrameNumber frame = TRY(system_->memory.AllocateFrame(mm::ZoneKind::kHigh));
  frames_[frame_count_++] = frame;
  system_->areas.windows().Zero(frame);
  return frame;
}

base::Result<> TrialSpace::MapFrame(TrialPage page, mm::FrameNumber frame, mm::Access access) {
  return table_.MapPage(AddressOf(page), {.frame = frame, .access = access});
}

}  // namespace kernel
