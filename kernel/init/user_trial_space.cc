#include "kernel/init/user_trial_space.h"

#include <algorithm>
#include <utility>

#include "arch/ops/cache.h"
#include "arch/ops/paging.h"
#include "arch/ops/trial_programs.h"
#include "kernel/base/check.h"
#include "kernel/init/kernel_areas.h"
#include "kernel/mm/frame_window.h"
#include "kernel/mm/layout.h"
#include "kernel/sync/cpu.h"

namespace kernel {

base::Result<TrialSpace> TrialSpace::Create(const System& system) {
  const mm::VirtAddr base = mm::RegionWith(system.layout, mm::Service::kProgram).range.base;
  auto table = TRY(KernelSpace::Table::Create(arch::ContextRoot(base), arch::PagingFeatures(),
                                              system.table_frames));
  TrialSpace space(system, std::move(table), base);  // from here on it gives back what it has
  TRY(space.table_.BorrowEntries(system.space.table()));
  const mm::FrameNumber code = TRY(space.AddFrame(TrialPage::kCode, mm::Access::kReadExecute));
  {
    const locking::CpuPin pin;
    const mm::FrameWindow window = system.areas.windows().Open(pin, code);
    std::ranges::copy(arch::TrialCode(), window.bytes().begin());
    arch::MakeExecutable({mm::AddressOf(window.data()), mm::kPageSize});
  }
  TRY(space.AddPage(TrialPage::kStack));
  TRY(space.AddPage(TrialPage::kOtherStack));
  arch::ActivateContext(space.table_.root(), space.table_.shape());
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
  arch::LeaveContext(system_->space.root());
  table_.Release();
  for (const mm::FrameNumber frame : std::span(frames_).first(frame_count_)) {
    CHECK(system_->memory.Free(frame, mm::PageCount{1}).has_value());
  }
}

base::Result<> TrialSpace::AddPage(TrialPage page) {
  TRY(AddFrame(page, mm::Access::kReadWrite));
  arch::PublishTables();
  return {};
}

base::Result<mm::FrameNumber> TrialSpace::AddFrame(TrialPage page, mm::Access user) {
  CHECK(frame_count_ < kPages);
  const mm::FrameNumber frame = TRY(system_->memory.AllocateFrame(mm::ZoneKind::kHigh));
  frames_[frame_count_++] = frame;
  system_->areas.windows().Zero(frame);
  const mm::PageAttributes attributes = {.user = user,
                                         .kernel = mm::Without(user, mm::Access::kExecute),
                                         .caching = mm::Caching::kNormal,
                                         .scope = mm::Scope::kProcess};
  TRY(table_.Map({AddressOf(page), mm::kPageSize}, mm::BaseOf(frame), attributes));
  return frame;
}

}  // namespace kernel
