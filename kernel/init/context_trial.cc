#include "kernel/init/context_trial.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

#include "arch/ops/paging.h"
#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/init/holdings.h"
#include "kernel/init/kernel_space.h"
#include "kernel/init/reports.h"
#include "kernel/mm/address.h"
#include "kernel/mm/attributes.h"
#include "kernel/mm/frame_types.h"
#include "kernel/mm/layout.h"
#include "kernel/mm/range.h"

namespace kernel {
namespace {

constexpr mm::PageAttributes kProcessData = {.user = mm::Access::kReadWrite,
                                             .kernel = mm::Access::kReadWrite,
                                             .caching = mm::Caching::kNormal,
                                             .scope = mm::Scope::kProcess};

// Its page table and the one frame that it shows everywhere. Ends by itself, after the switch back.
class TrialContext {
 public:
  static base::Result<TrialContext> Create(const System& system, mm::RootShape shape) {
    auto table =
        TRY(KernelSpace::Table::Create(shape, arch::PagingFeatures(), system.table_frames));
    const auto borrowed = table.BorrowEntries(system.space.table());
    auto frame = system.memory.AllocateFrame(mm::ZoneKind::kHigh);
    if (!borrowed || !frame) {
      table.Release();
      if (frame) CHECK(system.memory.Free(*frame, mm::PageCount{1}).has_value());
      return std::unexpected(base::Error::kOutOfMemory);
    }
    return TrialContext(system, std::move(table), *frame);
  }

  TrialContext(TrialContext&& other) noexcept
      : system_(std::exchange(other.system_, nullptr)),
        table_(std::move(other.table_)),
        frame_(other.frame_) {}
  TrialContext(const TrialContext&) = delete;
  TrialContext& operator=(const TrialContext&) = delete;
  TrialContext& operator=(TrialContext&&) = delete;

  ~TrialContext() {
    if (system_ == nullptr) return;
    arch::LeaveContext(system_->space.root());
    table_.Release();
    CHECK(system_->memory.Free(frame_, mm::PageCount{1}).has_value());
  }

  void Activate() { arch::ActivateContext(table_.root(), table_.shape()); }

  // A page at `va`, and a root that reaches it.
  base::Result<> AddPage(mm::VirtAddr va) {
    const mm::RootShape shape = arch::ContextRoot(va);
    if (shape != table_.shape()) {
      const auto old = TRY(table_.ResizeRoot(shape));
      Activate();
      table_.FreeRoot(old);
    }
    return table_.Map({va, mm::kPageSize}, mm::BaseOf(frame_), kProcessData);
  }

  uint64_t root_bytes() const {
    return sizeof(arch::PagingPolicy::Entry) << table_.shape().index_bits;
  }

 private:
  TrialContext(const System& system, KernelSpace::Table table, mm::FrameNumber frame)
      : system_(&system), table_(std::move(table)), frame_(frame) {}

  const System* system_;
  KernelSpace::Table table_;
  mm::FrameNumber frame_;
};

// The last address of the region that a root like the one for `va` reaches. Roots end at powers of
// two.
mm::VirtAddr Reach(const mm::VirtRange& region, mm::VirtAddr va) {
  uint64_t last = base::LowBits(static_cast<unsigned>(std::bit_width(va.value)));
  while (last < region.last().value &&
         arch::ContextRoot(mm::VirtAddr{last + 1}) == arch::ContextRoot(va)) {
    last = last * 2 + 1;
  }
  return std::min(mm::VirtAddr{last}, region.last());
}

void PrintStep(base::Sink& sink, const System& system, const TrialContext& context,
               mm::VirtAddr reach, unsigned pages) {
  const bool good = LiveTablesMatch(system);
  base::Print(sink, "context: a root of {} bytes reaches {}, {} page{}, layout {}\n",
              context.root_bytes(), reach, pages, pages == 1 ? "" : "s", good ? "ok" : "DIFFERS");
}

base::Result<> Try(base::Sink& sink, const System& system, const mm::VirtRange& region) {
  auto context = TRY(TrialContext::Create(system, arch::ContextRoot(region.base)));
  context.Activate();
  TRY(context.AddPage(region.base));
  unsigned pages = 1;
  mm::VirtAddr reach = Reach(region, region.base);
  PrintStep(sink, system, context, reach, pages);
  while (reach != region.last()) {
    reach = Reach(region, reach + 1);
    TRY(context.AddPage(mm::AlignDown(reach, mm::kPageSize)));
    PrintStep(sink, system, context, reach, ++pages);
  }
  return {};
}

}  // namespace

void TryContext(base::Sink& sink, const System& system) {
  const mm::VirtRange& region = mm::RegionWith(system.layout, mm::Service::kProgram).range;
  if (const auto shared = system.space.ShareEntries(system.layout); !shared) {
    return base::Print(sink, "context: the kernel's entries cannot be shared: {}\n",
                       base::ErrorName(shared.error()));
  }
  const Holdings before = HoldingsOf(system);
  const auto result = Try(sink, system, region);
  if (!result) base::Print(sink, "context: {}\n", base::ErrorName(result.error()));
  const bool good = LiveTablesMatch(system);
  base::Print(sink, "context: ended, {}, layout {}\n",
              HoldingsOf(system) == before ? "nothing kept" : "PAGES KEPT",
              good ? "ok" : "DIFFERS");
}

}  // namespace kernel
