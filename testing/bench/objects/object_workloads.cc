#include "testing/bench/objects/object_workloads.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "testing/bench/objects/object_contenders.h"
#include "testing/bench/objects/object_jobs.h"
#include "testing/bench/objects/object_trace.h"
#include "testing/bench/objects/object_verify.h"
#include "testing/bench/objects/program_objects.h"
#include "testing/bench/peers/objects.h"

namespace bench {
namespace {

constexpr const char* kGroup = "objects";

// The job is set up in the process that runs the rounds, once.
template <class Job>
std::function<Sample()> RoundsOf(size_t bytes) {
  auto job = std::make_shared<std::optional<Job>>();
  return [job, bytes] {
    if (!job->has_value()) job->emplace(bytes);
    return (*job)->Round();
  };
}

template <template <class> class Job, class Objects>
Contender OneSize(Contender::Kind kind, size_t bytes) {
  return {.name = Objects::kName,
          .kind = kind,
          .round = RoundsOf<Job<Objects>>(bytes),
          .verify = [bytes] {
            return VerifyObjects<Objects>(
                bytes, bytes, [](Objects& objects, size_t) { return objects.Allocate(); });
          }};
}

template <class Objects>
Contender ManySizes(Contender::Kind kind) {
  return {
      .name = Objects::kName, .kind = kind, .round = RoundsOf<TraceJob<Objects>>(0), .verify = [] {
        constexpr size_t kSmallest = 16;
        constexpr size_t kLargest = 4096;
        return VerifyObjects<Objects>(kSmallest, kLargest, [](Objects& objects, size_t bytes) {
          return objects.Allocate(bytes);
        });
      }};
}

template <template <class> class Job>
Workload OneSizeWorkload(const std::string& name, size_t bytes, Goal goal) {
  Workload workload = {.group = kGroup,
                       .name = name + ", " + std::to_string(bytes) + " B",
                       .contenders = {OneSize<Job, CacheObjects>(Contender::kOurs, bytes),
                                      OneSize<Job, HeapObjects>(Contender::kOurs, bytes)},
                       .goal = std::move(goal)};
  ForEachObjectPeer([&]<class Peer>() {
    workload.contenders.push_back(OneSize<Job, PeerObjects<Peer>>(Contender::kPeer, bytes));
  });
  return workload;
}

// A row of the reference: the goal for each size.
struct Row {
  size_t bytes;
  Goal goal;
};

template <template <class> class Job>
void AddRows(std::vector<Workload>& workloads, const std::string& name,
             const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    workloads.push_back(OneSizeWorkload<Job>(name, row.bytes, row.goal));
  }
}

// tcmalloc does the same for each of these sizes; the reference has its figure for one of them.
constexpr const char* kTcmalloc = Tcmalloc::kName;

void AddPairs(std::vector<Workload>& workloads) {
  AddRows<PairJob>(
      workloads, "pair",
      {{64,
        {.factor = 0.76, .against = kTcmalloc, .why = "0.85 x snmalloc's 2.6 / tcmalloc's 2.9"}},
       {256,
        {.factor = 0.79, .against = kTcmalloc, .why = "0.85 x snmalloc's 2.7 / tcmalloc's 2.9"}},
       {1024, {.factor = 0.85, .why = "0.85 x tcmalloc"}}});
}

void AddBursts(std::vector<Workload>& workloads) {
  AddRows<BurstJob>(
      workloads, "burst of 64",
      {{64,
        {.factor = 0.75, .against = kTcmalloc, .why = "0.85 x rpmalloc's 2.75 / tcmalloc's 3.1"}},
       {256, {.factor = 0.85, .why = "0.85 x tcmalloc"}},
       {1024, {.factor = 0.85, .why = "0.85 x mimalloc"}}});
}

void AddFills(std::vector<Workload>& workloads) {
  AddRows<AllocateJob>(
      workloads, "allocate 64 MiB after random frees",
      {{64, {.factor = 1, .why = "1.0 x mimalloc"}},
       {256,
        {.factor = 1, .why = "1.0 x the best; the reference's was rpmalloc, which is not here"}},
       {1024, {.factor = 1, .why = "1.0 x mimalloc"}}});
  AddRows<FreeJob>(workloads, "free 64 MiB in random order",
                   {{64, {.factor = 0.7, .why = "0.7 x jemalloc"}},
                    {256, {.factor = 0.7, .why = "0.7 x mimalloc"}},
                    {1024, {.factor = 0.7, .why = "0.7 x mimalloc"}}});
}

void AddReplacements(std::vector<Workload>& workloads) {
  AddRows<ReplaceJob>(workloads, "replace random of 100,000",
                      {{64, {.factor = 0.9, .why = "0.9 x tcmalloc"}},
                       {256, {.factor = 0.9, .why = "0.9 x jemalloc"}},
                       {1024, {.factor = 0.9, .why = "0.9 x glibc"}}});
}

void AddTrace(std::vector<Workload>& workloads) {
  Workload trace = {
      .group = kGroup,
      .name = "malloc trace",
      .contenders = {ManySizes<HeapObjects>(Contender::kOurs)},
      .goal = Goal{.factor = 1,
                   .against = kTcmalloc,
                   .why = "1.0 x tcmalloc",
                   .tried = "A free waits for the block's descriptor, which is wider than "
                            "tcmalloc's entry for a page; the ratio rises when other programs "
                            "use the last-level cache. Tried: heads of all magazines side by side "
                            "(-2 %), larger magazines (-1.5 %, and more memory), a byte a page "
                            "instead of the descriptor (-6 %, in a table of its own)."},
      .more_goals = {{.factor = 1.1,
                      .against = "limit",
                      .why = "tcmalloc needs 1.17, glibc 1.05",
                      .figure = "peak/live"}}};
  Workload programs = {
      .group = kGroup,
      .name = "malloc trace, programs",
      .contenders = {ManySizes<PeerObjects<ProgramObjects>>(Contender::kOurs)},
      .goal = Goal{.factor = 1, .why = "1.0 x the fastest; the reference's was tcmalloc"},
      .more_goals = {{.factor = 1.1,
                      .against = "limit",
                      .why = "tcmalloc needs 1.17, glibc 1.05",
                      .figure = "peak/live"},
                     {.factor = 1, .against = Mimalloc::kName, .why = "never slower than mimalloc"},
                     {.factor = 1,
                      .against = Mimalloc::kName,
                      .why = "never more than mimalloc",
                      .figure = "peak/live"}}};
  ForEachObjectPeer([&]<class Peer>() {
    trace.contenders.push_back(ManySizes<PeerObjects<Peer>>(Contender::kPeer));
    programs.contenders.push_back(ManySizes<PeerObjects<Peer>>(Contender::kPeer));
  });
  workloads.push_back(std::move(trace));
  workloads.push_back(std::move(programs));
}

}  // namespace

void AddObjectWorkloads(std::vector<Workload>& workloads) {
  AddPairs(workloads);
  AddBursts(workloads);
  AddFills(workloads);
  AddReplacements(workloads);
  AddTrace(workloads);
}

}  // namespace bench
