// The kernel's virtual memory over this architecture's page tables.
#include "kernel/mm/regions/vmalloc.h"

#include <cstdint>
#include <new>
#include <string_view>

#include "arch/x86_64/facts/paging_policy.h"
#include "kernel/mm/facts/paging_policy.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/regions/vmalloc_trial.h"
#include "kernel/mm/tables/page_table_arena.h"
#include "kernel/mm/test_failures.h"
#include "kernel/mm/test_pages.h"
#include "testing/unit/test.h"

namespace arch::x86_64 {
namespace {

constinit mm::PageTableArena g_tables;
mm::TestArena<16> g_nodes;

struct Row {
  std::string_view name;
  mm::RootShape root;
  PagingPolicy::Features features;
  mm::VirtRange region;
};

const Row kRows[] = {
    {"four levels, up to 2^64",
     PagingPolicy::kFourLevelRoot,
     {},
     {{UINT64_MAX - 0x2F'FFFF}, 0x30'0000}},
    {"five levels", PagingPolicy::kFiveLevelRoot, {}, {{0x1F'F000}, 0x10'0000}},
};

// Tries one thing with each kind of root.
template <class Try>
void ForEachRoot(Try attempt) {
  for (const Row& row : kRows) {
    mm::TestPages nodes(g_nodes.bytes);
    mm::PageTableArena& tables = *new (&g_tables) mm::PageTableArena;
    mm::VmallocTrial<PagingPolicy> trial(row.root, row.features, tables, nodes, row.region);
    EXPECT_TRUE(attempt(trial)) << row.name;
  }
}

TEST(Vmalloc, MapsAndFreesInRealTables) {
  ForEachRoot([](auto& trial) { return trial.MapsAndFrees(); });
}

TEST(Vmalloc, RefusesToWriteWhatRunsInRealTables) {
  ForEachRoot([](auto& trial) { return trial.RefusesToWriteWhatRuns(); });
}

TEST(Vmalloc, RunsOutAndRecoversInRealTables) {
  ForEachRoot([](auto& trial) { return trial.RunsOutAndRecovers(); });
}

TEST(FrameWindow, OpensInRealTables) {
  ForEachRoot([](auto& trial) { return trial.OpensWindows(); });
}

TEST(FrameWindow, StartsOrChangesNothing) {
  ForEachRoot([](auto& trial) {
    const mm::FailureRun run = trial.StartsWindowsOrChangesNothing();
    EXPECT_EQ(run.fault, "");
    return run.failed >= 2;
  });
}

}  // namespace
}  // namespace arch::x86_64
