#include "testing/bench/ranges/range_workloads.h"

#include <cstddef>
#include <format>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "testing/bench/ranges/range_jobs.h"
#include "testing/bench/ranges/range_sets.h"
#include "testing/bench/ranges/range_verify.h"
#include "testing/bench/workload.h"

namespace bench {
namespace {

constexpr const char* kGroup = "ranges";
constexpr const char* kLinuxModel = "Linux rb+gap model";
constexpr const char* kAbseil = "absl::btree_map";

// The job is set up in the process that runs the rounds, once.
template <template <class> class Job, class Ranges>
Contender MakeContender(std::string name, Contender::Kind kind, size_t size) {
  auto job = std::make_shared<std::optional<Job<Ranges>>>();
  return {.name = std::move(name),
          .kind = kind,
          .round =
              [job, size] {
                if (!job->has_value()) job->emplace(size);
                return (*job)->Round();
              },
          .verify = VerifyRanges<Ranges>};
}

template <template <class> class Job>
std::vector<Contender> MakeContenders(size_t size) {
  return {
      MakeContender<Job, OurRanges>("ours", Contender::kOurs, size),
      MakeContender<Job, LinuxRanges>(kLinuxModel, Contender::kModel, size),
      MakeContender<Job, AbseilMapRanges>(kAbseil, Contender::kPeer, size),
      MakeContender<Job, StandardMapRanges>("std::map", Contender::kPeer, size),
      MakeContender<Job, BoostRedBlackRanges>("Boost rb tree", Contender::kPeer, size),
      MakeContender<Job, BoostAvlRanges>("Boost AVL tree", Contender::kPeer, size),
  };
}

std::string SizeName(size_t size) {
  if (size >= 1'000'000) return std::to_string(size / 1'000'000) + "M";
  if (size >= 1'000) return std::to_string(size / 1'000) + "k";
  return std::to_string(size);
}

template <template <class> class Job>
Workload MakeWorkload(std::string name, size_t size, std::optional<Goal> goal) {
  return {.group = kGroup,
          .name = std::move(name) + ", " + SizeName(size),
          .contenders = MakeContenders<Job>(size),
          .goal = std::move(goal),
          .size = static_cast<double>(size)};
}

// A row of the references' table: the maple tree, which is not in the run, and what stands for it.
struct Reference {
  size_t size;
  double maple;
  double stand_in;
};

// `share` of the maple tree's time, by the ratio of the two in the references.
Goal ShareOfMaple(double share, const Reference& row, const char* stand_in) {
  return {.factor = share * row.maple / row.stand_in,
          .against = stand_in,
          .why = std::format("{} x Linux's maple tree, which took {} ns where {} took {}", share,
                             row.maple, stand_in, row.stand_in)};
}

Goal AtMost(double limit, std::string figure, std::string why) {
  return {.factor = limit, .against = "limit", .why = std::move(why), .figure = std::move(figure)};
}

}  // namespace

void AddRangeWorkloads(std::vector<Workload>& workloads) {
  constexpr Reference kFind[] = {{100, 24, 28}, {10'000, 53, 74}, {1'000'000, 312, 314}};
  constexpr Reference kReplace[] = {{100, 198, 58}, {10'000, 344, 156}, {1'000'000, 1277, 541}};
  for (const Reference& row : kFind) {
    workloads.push_back(MakeWorkload<FindJob>("find", row.size, ShareOfMaple(0.6, row, kAbseil)));
  }
  workloads.push_back(MakeWorkload<FindAgainJob>("find in the range found last", 10'000,
                                                 AtMost(5, "", "5 ns for the range found last")));
  for (const Reference& row : kReplace) {
    Workload workload =
        MakeWorkload<ReplaceJob>("erase+insert", row.size, ShareOfMaple(0.35, row, kAbseil));
    if (row.size == 1'000'000) {
      workload.more_goals.push_back(
          AtMost(24, "bytes/range", "24 bytes a range, the gap index and the value included"));
    }
    workloads.push_back(std::move(workload));
  }
  workloads.push_back(
      MakeWorkload<FarGapJob>("first gap, far", 10'000,
                              Goal{.factor = 1,
                                   .against = kLinuxModel,
                                   .why = "1.0 x the best, a red-black tree with gaps"}));
  workloads.push_back(MakeWorkload<FarGapJob>("first gap, far", 1'000'000,
                                              ShareOfMaple(1, {1'000'000, 157, 344}, kLinuxModel)));
  workloads.push_back(MakeWorkload<MapCycleJob>("mmap cycle", 10'000,
                                                ShareOfMaple(0.45, {10'000, 367, 211}, kAbseil)));
  for (const size_t size : {1'000, 10'000, 100'000}) {
    workloads.push_back(MakeWorkload<FillAndDrainJob>("fill and drain", size, std::nullopt));
  }
}

}  // namespace bench
