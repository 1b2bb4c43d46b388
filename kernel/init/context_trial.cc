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
#include "kernel/init/reports.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/frame_types.h"
#include "kernel/mm/tables/space_table.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "kernel/space/user_table.h"

namespace kernel {
namespace {

// Two tables and the two frames that they show everywhere, data and code. End by themselves, after
// the switch back.
class TrialContexts {
 public:
  static base::Result<TrialContexts> Create(const System& system) {
    auto first = TRY(UserTable::Create(system.user_tables));
    auto second = TRY(UserTable::Create(system.user_tables));
    const mm::FrameNumber data = TRY(system.memory.AllocateFrame(mm::ZoneKind::kHigh));
    const auto code = system.memory.AllocateFrame(mm::ZoneKind::kHigh);
    if (!code) {
      CHECK(system.memory.Free(data, mm::PageCount{1}).has_value());
      return std::unexpected(code.error());
    }
    return TrialContexts(system, std::move(first), std::move(second), {data, *code});
  }

  TrialContexts(TrialContexts&& other) noexcept
      : system_(std::exchange(other.system_, nullptr)),
        first_(std::move(other.first_)),
        second_(std::move(other.second_)),
        frames_(other.frames_) {}
  TrialContexts(const TrialContexts&) = delete;
  TrialContexts& operator=(const TrialContexts&) = delete;
  TrialContexts& operator=(TrialContexts&&) = delete;

  ~TrialContexts() {
    if (system_ == nullptr) return;
    system_->user_tables.Leave();
    for (UserTable* const table : {&first_, &second_}) {
      table->Retire();
      table->UnmapPages(Program(), [](mm::VirtAddr, const mm::UserPage&) {});
    }
    for (const mm::FrameNumber frame : {frames_.data, frames_.code}) {
      CHECK(system_->memory.Free(frame, mm::PageCount{1}).has_value());
    }
  }

  // A page at `va`, and a root that reaches it.
  base::Result<> AddPage(mm::VirtAddr va) {
    return first_.MapPage(va, {.frame = frames_.data, .access = mm::Access::kReadWrite});
  }

  // Pages of code behind the region's first, more than a check of a small process has room for.
  base::Result<> AddCode() {
    constexpr unsigned kPages = 100;
    for (unsigned i = 1; i <= kPages; ++i) {
      TRY(first_.MapPage(Program().base + mm::PageCount{i},
                         {.frame = frames_.code, .access = mm::Access::kReadExecute}));
    }
    return {};
  }

  // As fork does it.
  base::Result<> Share() {
    mm::TlbBatch batch = first_.NewBatch();
    const auto shared = first_.SharePages(Program(), second_, batch,
                                          [](mm::FrameNumber) { return base::Result<>{}; });
    first_.Flush(batch);
    return shared;
  }

  UserTable& first() { return first_; }
  UserTable& second() { return second_; }
  uint64_t root_bytes() const {
    return sizeof(arch::PagingPolicy::Entry) << first_.table().shape().index_bits;
  }

 private:
  struct Frames {
    mm::FrameNumber data;
    mm::FrameNumber code;
  };

  TrialContexts(const System& system, UserTable first, UserTable second, const Frames& frames)
      : system_(&system), first_(std::move(first)), second_(std::move(second)), frames_(frames) {}

  const mm::VirtRange& Program() const {
    return mm::RegionWith(system_->layout, mm::Service::kProgram).range;
  }

  const System* system_;
  UserTable first_;
  UserTable second_;
  Frames frames_;
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

void PrintStep(base::Sink& sink, const System& system, const TrialContexts& contexts,
               mm::VirtAddr reach, unsigned pages) {
  const bool good = LiveTablesMatch(system);
  base::Print(sink, "context: a root of {} bytes reaches {}, {} page{}, layout {}\n",
              contexts.root_bytes(), reach, pages, pages == 1 ? "" : "s", good ? "ok" : "DIFFERS");
}

// Often enough that tags in the TLB come to an end, with a new table each time.
base::Result<> SwitchOften(base::Sink& sink, const System& system, TrialContexts& contexts) {
  constexpr unsigned kSwitches = 600;
  for (unsigned i = 0; i < kSwitches; ++i) {
    UserTable other = TRY(UserTable::Create(system.user_tables));
    other.Activate();
    CHECK(other.IsActive());
    (i % 2 == 0 ? contexts.first() : contexts.second()).Activate();
  }
  TRY(contexts.AddCode());
  TRY(contexts.Share());
  const bool good = LiveTablesMatch(system) && TablesMatch(system, contexts.first()) &&
                    TablesMatch(system, contexts.second());
  base::Print(sink, "context: {} switches, a second with the same pages, layout {}\n", kSwitches,
              good ? "ok" : "DIFFERS");
  return {};
}

base::Result<> Try(base::Sink& sink, const System& system, const mm::VirtRange& region) {
  auto contexts = TRY(TrialContexts::Create(system));
  contexts.first().Activate();
  TRY(contexts.AddPage(region.base));
  unsigned pages = 1;
  mm::VirtAddr reach = Reach(region, region.base);
  PrintStep(sink, system, contexts, reach, pages);
  while (reach != region.last()) {
    reach = Reach(region, reach + 1);
    TRY(contexts.AddPage(mm::AlignDown(reach, mm::kPageSize)));
    PrintStep(sink, system, contexts, reach, ++pages);
  }
  return SwitchOften(sink, system, contexts);
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
