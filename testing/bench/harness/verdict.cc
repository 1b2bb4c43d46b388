#include "testing/bench/harness/verdict.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

namespace bench {
namespace {

struct Reference {
  std::string name;
  double value = 0;
};

// A point of a family: ours at one size.
struct Point {
  double size = 0;
  double value = 0;
};

std::optional<double> Ours(const WorkloadResult& result, const std::string& figure) {
  for (const ContenderResult& contender : result.contenders) {
    if (contender.kind == Contender::kOurs) {
      const auto summary = contender.Find(figure);
      return summary ? std::optional(summary->median) : std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<Reference> FindReference(const WorkloadResult& result, const Goal& goal) {
  if (goal.against == "limit") {
    return Reference{goal.against, goal.factor};
  }
  std::optional<Reference> best;
  for (const ContenderResult& contender : result.contenders) {
    const bool candidate = goal.against == "best peer" ? contender.kind != Contender::kOurs
                                                       : contender.name == goal.against;
    const auto summary = contender.Find(goal.figure);
    if (!candidate || !summary) {
      continue;
    }
    const double value = summary->median;
    if (!best || (goal.kind == Goal::kAtLeast ? value > best->value : value < best->value)) {
      best = Reference{contender.name, value};
    }
  }
  return best;
}

std::vector<Point> FamilyOf(const std::vector<WorkloadResult>& results,
                            const WorkloadResult& member, const std::string& figure) {
  std::vector<Point> points;
  for (const WorkloadResult& result : results) {
    const auto ours = Ours(result, figure);
    if (result.group == member.group && result.family == member.family && ours) {
      points.push_back({result.size, *ours});
    }
  }
  std::ranges::sort(points, {}, &Point::size);
  return points;
}

void JudgeFamily(const std::vector<Point>& points, const Goal& goal, Verdict& verdict) {
  if (points.size() < 2) {
    return;
  }
  verdict.factor = goal.factor;
  if (goal.kind == Goal::kFlat) {
    const auto [low, high] = std::ranges::minmax(points, {}, &Point::value);
    verdict.against = "fastest size";
    verdict.ours = high.value;
    verdict.reference = low.value;
  } else {
    // The size that is worst for what log n allows it, and that allowance. The smallest size gives
    // the measure.
    verdict.against = "log n";
    const Point& smallest = points.front();
    for (const Point& point : std::span(points).subspan(1)) {
      const double allowed = smallest.value * std::log(point.size) / std::log(smallest.size);
      if (verdict.reference == 0 || point.value * verdict.reference > verdict.ours * allowed) {
        verdict.ours = point.value;
        verdict.reference = allowed;
      }
    }
  }
}

Verdict JudgeGoal(const std::vector<WorkloadResult>& results, const WorkloadResult& result,
                  const Goal& goal) {
  const bool of_family = goal.kind == Goal::kFlat || goal.kind == Goal::kLogarithmic;
  Verdict verdict{.workload = result.group + "/" + (of_family ? result.family : result.name),
                  .unit = goal.figure.empty() ? result.unit : goal.figure,
                  .against = goal.against,
                  .kind = goal.kind,
                  .why = goal.why,
                  .tried = goal.tried};
  if (!goal.figure.empty()) {
    verdict.workload += ", " + goal.figure;
  }
  if (of_family) {
    JudgeFamily(FamilyOf(results, result, goal.figure), goal, verdict);
  } else {
    const auto ours = Ours(result, goal.figure);
    const auto reference = FindReference(result, goal);
    if (ours && reference) {
      verdict.against = reference->name;
      verdict.ours = *ours;
      verdict.reference = reference->value;
      verdict.factor = goal.against == "limit" ? 1 : goal.factor;
    }
  }
  if (verdict.reference > 0) {
    verdict.ratio = verdict.ours / verdict.reference;
    const bool met = goal.kind == Goal::kAtLeast ? verdict.ratio >= verdict.factor
                                                 : verdict.ratio <= verdict.factor;
    verdict.state = met ? Verdict::kMet : Verdict::kMissed;
  }
  return verdict;
}

}  // namespace

std::vector<Verdict> Judge(const std::vector<WorkloadResult>& results) {
  std::vector<Verdict> verdicts;
  for (const WorkloadResult& result : results) {
    for (const Goal& goal : result.goals) {
      verdicts.push_back(JudgeGoal(results, result, goal));
    }
  }
  return verdicts;
}

const char* StateName(Verdict::State state) {
  switch (state) {
    case Verdict::kMet:
      return "met";
    case Verdict::kMissed:
      return "MISSED";
    case Verdict::kUnknown:
      break;
  }
  return "unknown";
}

}  // namespace bench
