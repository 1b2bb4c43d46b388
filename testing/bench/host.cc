// The memory manager beside its peers: see README.md.

#include <cstddef>
#include <utility>
#include <vector>

#include "testing/bench/frames/frame_workloads.h"
#include "testing/bench/harness/program.h"
#include "testing/bench/objects/object_workloads.h"
#include "testing/bench/range_allocator/range_allocator_workloads.h"
#include "testing/bench/ranges/range_workloads.h"
#include "testing/bench/tables/table_workloads.h"
#include "testing/bench/workload.h"

int main(int argc, char** argv) {
  std::vector<bench::Workload> workloads;
  bench::AddFrameWorkloads(workloads);
  bench::AddObjectWorkloads(workloads);
  bench::AddRangeWorkloads(workloads);
  bench::AddRangeAllocatorWorkloads(workloads);
  bench::AddTableWorkloads(workloads);
  return bench::RunProgram({argv + 1, static_cast<size_t>(argc - 1)}, std::move(workloads));
}
