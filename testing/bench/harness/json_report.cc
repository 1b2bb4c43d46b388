#include "testing/bench/harness/json_report.h"

#include <charconv>
#include <cmath>

namespace bench {
namespace {

std::string JsonNumber(double value) {
  if (!std::isfinite(value)) {
    return "null";
  }
  char digits[32];
  const auto [last, error] = std::to_chars(digits, digits + sizeof(digits), value);
  return error == std::errc() ? std::string(digits, last) : "null";
}

std::string Member(std::string_view name, const std::string& value) {
  return JsonString(name) + ": " + value;
}

// Items between brackets, each on a line of its own.
template <typename Items, typename ToJson>
std::string Lines(const Items& items, const std::string& indent, ToJson to_json) {
  std::string text = "[";
  bool first = true;
  for (const auto& item : items) {
    text += (first ? "\n" : ",\n") + indent + "  " + to_json(item);
    first = false;
  }
  return text + (first ? "]" : "\n" + indent + "]");
}

std::string JsonSummary(const Summary& summary) {
  return "{" + Member("median", JsonNumber(summary.median)) + ", " +
         Member("low", JsonNumber(summary.low)) + ", " + Member("high", JsonNumber(summary.high)) +
         "}";
}

std::string JsonContender(const ContenderResult& contender) {
  std::string text = "{" + Member("name", JsonString(contender.name)) + ", " +
                     Member("kind", JsonString(KindName(contender.kind)));
  if (contender.failure) {
    return text + ", " + Member("failure", JsonString(*contender.failure)) + "}";
  }
  text += ", " + Member("time", JsonSummary(contender.time));
  for (const auto& [name, summary] : contender.extra) {
    text += ", " + Member("figure: " + name, JsonSummary(summary));
  }
  return text + "}";
}

std::string JsonWorkload(const WorkloadResult& result) {
  return "{" + Member("group", JsonString(result.group)) + ", " +
         Member("name", JsonString(result.name)) + ", " + Member("unit", JsonString(result.unit)) +
         ", " + Member("contenders", Lines(result.contenders, "    ", JsonContender)) + "}";
}

std::string JsonVerdict(const Verdict& verdict) {
  const bool known = verdict.state != Verdict::kUnknown;
  const auto number = [known](double value) { return known ? JsonNumber(value) : "null"; };
  return "{" + Member("workload", JsonString(verdict.workload)) + ", " +
         Member("against", JsonString(verdict.against)) + ", " +
         Member("ours", number(verdict.ours)) + ", " +
         Member("reference", number(verdict.reference)) + ", " +
         Member("ratio", number(verdict.ratio)) + ", " +
         Member(verdict.kind == Goal::kAtLeast ? "at_least" : "at_most", number(verdict.factor)) +
         ", " + Member("state", JsonString(StateName(verdict.state))) + ", " +
         Member("why", JsonString(verdict.why)) + ", " +
         Member("tried", JsonString(verdict.tried)) + "}";
}

}  // namespace

std::string JsonString(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20) {
      quoted += "\\u00";
      quoted += kDigits[byte >> 4];
      quoted += kDigits[byte & 0xf];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string JsonReport(const std::vector<WorkloadResult>& results,
                       const std::vector<Verdict>& verdicts) {
  return "{\n  " + Member("workloads", Lines(results, "  ", JsonWorkload)) + ",\n  " +
         Member("goals", Lines(verdicts, "  ", JsonVerdict)) + "\n}\n";
}

}  // namespace bench
