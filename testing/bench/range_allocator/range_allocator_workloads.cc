#include "testing/bench/range_allocator/range_allocator_workloads.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "testing/bench/range_allocator/jobs.h"
#include "testing/bench/range_allocator/spaces.h"
#include "testing/bench/range_allocator/table_search.h"
#include "testing/bench/workload.h"

namespace bench {
namespace {

constexpr const char* kGroup = "range allocator";

// The job is set up in the process that runs the rounds, once.
template <class Job>
Contender MakeContender(std::string name, Contender::Kind kind, size_t size,
                        std::function<std::optional<std::string>()> verify) {
  auto job = std::make_shared<std::optional<Job>>();
  return {.name = std::move(name),
          .kind = kind,
          .round =
              [job, size] {
                if (!job->has_value()) job->emplace(size);
                return (*job)->Round();
              },
          .verify = std::move(verify)};
}

template <class Space>
Contender Replacing(std::string name, Contender::Kind kind, size_t size) {
  return MakeContender<ReplaceRangeJob<Space>>(std::move(name), kind, size, VerifySpace<Space>);
}

template <class Search>
Contender Searching(std::string name, Contender::Kind kind, size_t size) {
  return MakeContender<SearchJob<Search>>(std::move(name), kind, size, VerifySearch<Search>);
}

}  // namespace

void AddRangeAllocatorWorkloads(std::vector<Workload>& workloads) {
  const std::string family = "free+allocate";
  for (const size_t size : {100, 10'000, 1'000'000}) {
    workloads.push_back(
        {.group = kGroup,
         .name = family + ", " + std::to_string(size),
         .contenders = {Replacing<OurSpace>("ours", Contender::kOurs, size),
                        Replacing<StandardSpace>("std::map + std::set", Contender::kModel, size)},
         .family = family,
         .size = static_cast<double>(size)});
  }
  workloads.back().goal = {.factor = 1,
                           .why = "the cost of a range grows at most with log n up to a million",
                           .kind = Goal::kLogarithmic};
  for (const size_t size : {100, 1'000, 10'000}) {
    workloads.push_back(
        {.group = kGroup,
         .name = "find a free run, " + std::to_string(size) + " areas",
         .contenders = {Searching<SearchAllocator>("list beside them", Contender::kOurs, size),
                        Searching<SearchMappings>("page tables, walked", Contender::kModel, size),
                        Searching<SearchPages>("page tables, asked", Contender::kModel, size)},
         .size = static_cast<double>(size)});
  }
}

}  // namespace bench
