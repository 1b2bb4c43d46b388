// Pages shown to others: part of address_space.h.
#pragma once

#include <utility>

#include "kernel/mm/space/address_space.h"

namespace mm {

template <SpaceTable Table>
template <class Take>
base::Result<> AddressSpace<Table>::LendPages(const VirtRange& range, Take&& take) {
  TRY(CheckRange(range));
  const locking::SpinLockHolder holder(lock_);
  bool is_memory = true;
  areas_.ForEachIn(range, [&](const Vma& vma) { is_memory &= vma.kind != VmaKind::kDevice; });
  if (!is_memory) return std::unexpected(base::Error::kNotPermitted);
  TRY(PopulateLocked(range));
  base::Result<> result;
  TlbBatch batch = table_.NewBatch();
  areas_.ForEachIn(range, [&](const Vma& vma) {
    const bool is_private = vma.sharing == Sharing::kPrivate;
    const auto lend = [&](VirtAddr va, const UserPage& page) {
      if (!result) return page.access;
      base::Result<FrameReference> frame = frames_.Share(page.frame);
      result = frame ? take((va - range.base) / kPageSize, std::move(*frame))
                     : base::Result<>(std::unexpected(frame.error()));
      return is_private ? ReadOnly(page.access) : page.access;
    };
    table_.ProtectPages(Intersection(range, vma.range), batch, lend);
  });
  table_.Flush(batch);
  return result;
}

}  // namespace mm
