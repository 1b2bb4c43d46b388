#include "testing/bench/harness/runner.h"

#include <sched.h>

#include <optional>
#include <utility>

#include "testing/bench/harness/round_process.h"
#include "testing/bench/harness/summary.h"

namespace bench {
namespace {

// A contender while its workload runs.
class Runner {
 public:
  explicit Runner(const Contender& contender) : contender_(contender), process_(contender) {}

  void Verify() { failure_ = process_.Verify(); }

  enum class Counts { kNo, kYes };

  void Round(Counts counts) {
    if (failure_) {
      return;
    }
    auto sample = process_.Round();
    if (!sample) {
      failure_ = sample.error();
    } else if (counts == Counts::kYes) {
      samples_.push_back(*std::move(sample));
    }
  }

  ContenderResult Result() const {
    ContenderResult result{.name = contender_.name,
                           .kind = contender_.kind,
                           .time = {},
                           .extra = {},
                           .failure = failure_};
    if (failure_ || samples_.empty()) {
      return result;
    }
    std::vector<double> times;
    for (const Sample& sample : samples_) {
      times.push_back(sample.nanoseconds);
    }
    result.time = Summarise(std::move(times));
    for (const auto& [name, unused] : samples_.front().extra) {
      result.extra.emplace_back(name, Summarise(ValuesOf(name)));
    }
    return result;
  }

 private:
  std::vector<double> ValuesOf(const std::string& figure) const {
    std::vector<double> values;
    for (const Sample& sample : samples_) {
      for (const auto& [name, value] : sample.extra) {
        if (name == figure) {
          values.push_back(value);
        }
      }
    }
    return values;
  }

  const Contender& contender_;
  RoundProcess process_;
  std::vector<Sample> samples_;
  std::optional<std::string> failure_;
};

WorkloadResult MeasureOne(const Workload& workload, const RunSettings& settings,
                          const std::string& title, const Progress& progress) {
  progress(title + ": verify");
  std::vector<Runner> runners;
  runners.reserve(workload.contenders.size());
  for (const Contender& contender : workload.contenders) {
    runners.emplace_back(contender).Verify();
  }
  for (int round = -settings.warm_up_rounds; round < settings.rounds; ++round) {
    progress(title + (round < 0 ? ": warm-up"
                                : ": round " + std::to_string(round + 1) + " of " +
                                      std::to_string(settings.rounds)));
    for (Runner& runner : runners) {
      runner.Round(round < 0 ? Runner::Counts::kNo : Runner::Counts::kYes);
    }
  }
  WorkloadResult result{.group = workload.group,
                        .name = workload.name,
                        .unit = workload.unit,
                        .contenders = {},
                        .goals = workload.more_goals,
                        .family = workload.family,
                        .size = workload.size};
  if (workload.goal) {
    result.goals.insert(result.goals.begin(), *workload.goal);
  }
  for (const Runner& runner : runners) {
    result.contenders.push_back(runner.Result());
  }
  return result;
}

std::string Title(const std::vector<Workload>& workloads, const Workload& workload) {
  return "[" + std::to_string(&workload - workloads.data() + 1) + "/" +
         std::to_string(workloads.size()) + "] " + workload.group + "/" + workload.name;
}

}  // namespace

std::vector<WorkloadResult> Measure(const std::vector<Workload>& workloads,
                                    const RunSettings& settings, const Progress& progress) {
  std::vector<WorkloadResult> results;
  for (const Workload& workload : workloads) {
    results.push_back(MeasureOne(workload, settings, Title(workloads, workload), progress));
  }
  return results;
}

std::vector<std::string> Verify(const std::vector<Workload>& workloads, const Progress& progress) {
  std::vector<std::string> failures;
  for (const Workload& workload : workloads) {
    progress(Title(workloads, workload) + ": verify");
    for (const Contender& contender : workload.contenders) {
      if (const auto failure = RoundProcess(contender).Verify()) {
        failures.push_back(workload.group + "/" + workload.name + ", " + contender.name + ": " +
                           *failure);
      }
    }
  }
  return failures;
}

bool StayOnOneProcessor() {
  const int processor = sched_getcpu();
  if (processor < 0 || processor >= CPU_SETSIZE) {
    return false;
  }
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(processor, &only);
  return sched_setaffinity(0, sizeof(only), &only) == 0;
}

}  // namespace bench
