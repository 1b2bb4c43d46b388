#include "testing/bench/harness/text_table.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string_view>

namespace bench {
namespace {

constexpr int kNameColumns = 26;

__attribute__((format(printf, 1, 2))) std::string Format(const char* format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(line, sizeof(line), format, arguments);
  va_end(arguments);
  return std::string(line, std::min(static_cast<size_t>(length), sizeof(line) - 1));
}

// Four significant digits, but all of a large number's.
std::string Number(double value) {
  const double size = std::fabs(value);
  return Format(size >= 1000 ? "%.0f" : size >= 100 ? "%.1f" : size >= 10 ? "%.2f" : "%.3f", value);
}

std::optional<double> OursIn(const WorkloadResult& result) {
  for (const ContenderResult& contender : result.contenders) {
    if (contender.kind == Contender::kOurs && !contender.failure) {
      return contender.time.median;
    }
  }
  return std::nullopt;
}

std::string ContenderLine(const ContenderResult& contender, std::optional<double> ours) {
  std::string line =
      Format("  %-*s %-5s ", kNameColumns, contender.name.c_str(), KindName(contender.kind));
  if (contender.failure) {
    return line + " FAILED: " + *contender.failure + "\n";
  }
  const Summary& time = contender.time;
  line += Format(" %10s  %10s .. %-10s", Number(time.median).c_str(), Number(time.low).c_str(),
                 Number(time.high).c_str());
  line += ours && *ours > 0 ? Format(" %7.2f x", time.median / *ours) : std::string(10, ' ');
  for (const auto& [name, summary] : contender.extra) {
    line += "  " + name + " " + Number(summary.median);
  }
  return line + "\n";
}

const char* Relation(const Verdict& verdict) {
  return verdict.kind == Goal::kAtLeast ? ">=" : "<=";
}

size_t Count(const std::vector<Verdict>& verdicts, Verdict::State state) {
  return static_cast<size_t>(std::ranges::count(verdicts, state, &Verdict::state));
}

}  // namespace

std::string FiguresText(const std::vector<WorkloadResult>& results) {
  std::string text;
  for (const WorkloadResult& result : results) {
    text += result.group + "/" + result.name + ", " + result.unit +
            ": median, lowest .. highest, multiple of ours\n";
    const auto ours = OursIn(result);
    for (const ContenderResult& contender : result.contenders) {
      text += ContenderLine(contender, ours);
    }
    text += "\n";
  }
  return text;
}

std::string VerdictsText(const std::vector<Verdict>& verdicts) {
  if (verdicts.empty()) {
    return "";
  }
  size_t width = 0;
  for (const Verdict& verdict : verdicts) {
    width = std::max(width, verdict.workload.size());
  }
  const int columns = static_cast<int>(width);
  std::string text = Format("%-*s %10s %10s  %-20s %7s %8s\n", columns, "workload", "ours",
                            "reference", "of", "ratio", "goal");
  for (const Verdict& verdict : verdicts) {
    text += Format("%-*s ", columns, verdict.workload.c_str());
    if (verdict.state == Verdict::kUnknown) {
      text += Format("%10s %10s  %-20s %7s %8s  unknown\n", "-", "-", verdict.against.c_str(), "-",
                     "-");
      continue;
    }
    text += Format("%10s %10s  %-20s %7.3f %s %5.2f  %s\n", Number(verdict.ours).c_str(),
                   Number(verdict.reference).c_str(), verdict.against.c_str(), verdict.ratio,
                   Relation(verdict), verdict.factor, StateName(verdict.state));
  }
  text += Format("\n%zu of %zu goals met", Count(verdicts, Verdict::kMet), verdicts.size());
  const size_t unknown = Count(verdicts, Verdict::kUnknown);
  text += unknown == 0 ? "\n" : Format(", %zu unknown\n", unknown);
  for (const Verdict& verdict : verdicts) {
    if (verdict.state == Verdict::kMissed) {
      text += "  " + verdict.workload + ": the goal is " + verdict.why + "\n    " +
              (verdict.tried.empty() ? "missed for the first time: nobody has looked into it yet"
                                     : verdict.tried) +
              "\n";
    }
  }
  return text;
}

}  // namespace bench
