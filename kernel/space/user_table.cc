#include "kernel/space/user_table.h"

#include "arch/ops/cache.h"
#include "kernel/sync/cpu.h"

namespace kernel {

void UserTables::MakeExecutable(mm::FrameNumber frame) {
  const locking::CpuPin pin;
  const mm::FrameWindow window = windows_.Open(pin, frame);
  arch::MakeExecutable({mm::AddressOf(window.data()), mm::kPageSize});
}

base::Result<UserTable> UserTable::Create(UserTables& tables) {
  const mm::VirtRange& common = tables.kernel_.common();
  const mm::VirtAddr least = common.IsEmpty() ? mm::VirtAddr{0} : common.last();
  return UserTable(tables,
                   TRY(Pages::Create(arch::ContextRoot(least), tables.kernel_, tables.frames_)));
}

void UserTable::Activate() {
  mm::AsidRollover rollover = mm::AsidRollover::kNo;
  if constexpr (arch::kAsidBits > 0) {
    rollover = tables_->asids_.Renew(asid_);
    pages_.SetAsid(asid_.asid);
  }
  arch::ActivateContext(table().root(), table().shape(), asid_.asid, rollover);
}

bool UserTable::IsActive() const { return arch::LiveRoots().begin()->table == table().root(); }

base::Result<bool> UserTable::GrowLike(mm::RootShape shape) {
  if (shape.index_bits <= table().shape().index_bits) return false;
  base::Result<> mirrored;
  pages_.ForEachMirror([&](mm::TableMirror& mirror) {
    if (mirrored) mirrored = mirror.GrowRoot(shape);
  });
  TRY(mirrored);
  const bool is_active = IsActive();
  const auto old = TRY(pages_.ResizeRoot(shape));
  if (is_active) Activate();
  pages_.FreeRoot(old);
  return true;
}

}  // namespace kernel
