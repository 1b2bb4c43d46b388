// What programs' memory is made of: their frames, their page tables, the objects that they map, and
// where the layout has room for each kind of mapping.
#pragma once

#include <optional>

#include "kernel/base/result.h"
#include "kernel/init/system.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/direct_map_pages.h"
#include "kernel/mm/space/paged_object.h"
#include "kernel/mm/space/physical_frames.h"
#include "kernel/mm/space/placement.h"
#include "kernel/mm/space/shared_region.h"
#include "kernel/mm/space/user_frames.h"
#include "kernel/process/environment.h"
#include "kernel/space/address_space.h"

namespace kernel {

class UserMemory final : public process::SpaceSource, public process::StackSource {
 public:
  // `system` outlives it.
  explicit UserMemory(const System& system);

  // Called once, before all else; the kernel's own table has its last entries of the root from then
  // on. Errors: kOutOfMemory; kUnsupported, when the layout's process cannot have a table beside
  // the kernel's.
  [[nodiscard]] base::Result<> Start();

  [[nodiscard]] mm::PagedObjectPool& objects() { return objects_; }
  [[nodiscard]] const mm::PagedObjectPool& objects() const { return objects_; }
  // Of the spaces' indexes.
  [[nodiscard]] mm::PageCount node_pages() const { return nodes_.pages(); }
  [[nodiscard]] const mm::Placement& placement() const { return placement_; }
  [[nodiscard]] mm::SharedRegion& shared_region() { return shared_region_; }

  base::Result<SpaceReference> CreateSpace() override;
  void ActivateKernel() override { system_.user_tables.Leave(); }

  base::Result<mm::VirtRange> AllocateStack() override { return system_.stacks.Allocate(); }
  void FreeStack(const mm::VirtRange& stack) override { system_.stacks.Free(stack); }

 private:
  const System& system_;
  mm::Placement placement_;
  mm::DirectMapPages nodes_;
  mm::PhysicalFrames physical_frames_;
  mm::UserFrames frames_;
  mm::PagedObjectPool objects_;
  mm::SharedRegion shared_region_;
  SpacePool spaces_;
};

}  // namespace kernel
