#include "tools/layoutcheck/report.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <format>
#include <iterator>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nlohmann/json.hpp"
#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/check.h"
#include "tools/layoutcheck/finding.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/mapping.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck {
namespace {

// With keys in the order they are written.
using Json = nlohmann::ordered_json;

constexpr int kJsonIndent = 1;
// The report of a region that is wrong everywhere must not hide those of the others.
constexpr size_t kMostFindingsShown = 16;

// "4 KiB"; exact.
std::string SizeText(uint64_t bytes) {
  constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  constexpr uint64_t kStep = 1024;
  size_t unit = 0;
  while (bytes != 0 && bytes % kStep == 0 && unit + 1 < std::size(kUnits)) {
    bytes /= kStep;
    ++unit;
  }
  return std::format("{} {}", bytes, kUnits[unit]);
}

std::string RangeText(VirtualAddress first, VirtualAddress last) {
  return std::format("{}-{}", Text(first), Text(last));
}

std::string_view ReachText(Reach reach) { return reach == Reach::kGlobal ? "global" : "process"; }

// Neighbouring runs of equal rights.
struct Stretch {
  std::span<const Mapping> runs;

  VirtualAddress first() const { return runs.front().first; }
  VirtualAddress last() const { return runs.back().last(); }
  std::string PageSizes() const {
    std::set<uint64_t> sizes;
    for (const Mapping& run : runs) sizes.insert(run.page_bytes);
    std::string text;
    for (const uint64_t size : sizes) {
      text += std::format("{}{}", text.empty() ? "" : ", ", SizeText(size));
    }
    return text;
  }
  bool IsContiguous() const {
    for (size_t index = 1; index < runs.size(); ++index) {
      if (runs[index - 1].target + runs[index - 1].bytes != runs[index].target) return false;
    }
    return true;
  }
};

std::vector<Stretch> StretchesOf(std::span<const Mapping> runs) {
  std::vector<Stretch> stretches;
  size_t first = 0;
  for (size_t index = 1; index <= runs.size(); ++index) {
    const bool goes_on = index < runs.size() &&
                         runs[index - 1].last().value + 1 == runs[index].first.value &&
                         runs[index - 1].attributes == runs[index].attributes;
    if (goes_on) continue;
    stretches.push_back({runs.subspan(first, index - first)});
    first = index;
  }
  return stretches;
}

std::string HeaderText(const TableForm& form) {
  return std::format("{}, root {:#x}\n", form.name, form.root);
}

Json FormAsJson(const TableForm& form) {
  return {{"machine", form.name},
          {"address_bits", form.address_bits},
          {"root", std::format("{:#x}", form.root)},
          {"entry_bytes", form.entry_bytes}};
}

Json RunsAsJson(std::span<const Mapping> runs) {
  Json json = Json::array();
  for (const Mapping& run : runs) {
    json.push_back({{"first", Text(run.first)},
                    {"last", Text(run.last())},
                    {"target", Text(run.target)},
                    {"page_bytes", run.page_bytes},
                    {"user", Text(run.attributes.user)},
                    {"kernel", Text(run.attributes.kernel)},
                    {"scope", ReachText(run.attributes.reach)},
                    {"cache", Text(run.attributes.cache)}});
  }
  return json;
}

std::string VerdictOf(const CheckReport& report) {
  return report.findings.empty() ? "ok" : "fault";
}

void AppendFindings(std::string& text, std::span<const Finding> findings) {
  for (const Finding& finding : findings.first(std::min(findings.size(), kMostFindingsShown))) {
    text += std::format("    {} {}{}{}\n", RangeText(finding.first, finding.last),
                        Text(finding.kind), finding.detail.empty() ? "" : ": ", finding.detail);
  }
  if (findings.size() > kMostFindingsShown) {
    text += std::format("    and {} more\n", findings.size() - kMostFindingsShown);
  }
}

std::vector<Finding> FindingsIn(const CheckReport& report, std::string_view region) {
  std::vector<Finding> found;
  std::ranges::copy_if(report.findings, std::back_inserter(found),
                       [&](const Finding& finding) { return finding.region == region; });
  return found;
}

std::string CountText(size_t count) {
  return std::format("{} {}", count, count == 1 ? "fault" : "faults");
}

}  // namespace

std::string MapAsText(const TableForm& form, std::span<const Mapping> runs) {
  std::string text = HeaderText(form);
  for (const Stretch& stretch : StretchesOf(runs)) {
    const Attributes& attributes = stretch.runs.front().attributes;
    const uint64_t bytes = stretch.last() - stretch.first() + 1;
    text += std::format("{} {:>10} user {} kernel {} {:7} {:13} {:17} {}\n",
                        RangeText(stretch.first(), stretch.last()), SizeText(bytes),
                        Text(attributes.user), Text(attributes.kernel), ReachText(attributes.reach),
                        Text(attributes.cache), stretch.PageSizes(),
                        stretch.IsContiguous() ? Text(stretch.runs.front().target) : "scattered");
  }
  return text;
}

std::string MapAsJson(const TableForm& form, std::span<const Mapping> runs) {
  Json json = FormAsJson(form);
  json["mappings"] = RunsAsJson(runs);
  return json.dump(kJsonIndent) + "\n";
}

std::string CheckAsText(const TableForm& form, const Layout& layout, const CheckReport& report) {
  std::string text = HeaderText(form);
  for (size_t index = 0; index < layout.regions.size(); ++index) {
    const Region& region = layout.regions[index];
    const std::vector<Finding> findings = FindingsIn(report, region.name);
    text += std::format("  {} {:10} {}, {} pages in {} mappings\n",
                        RangeText(region.first, region.last), region.name,
                        findings.empty() ? "ok" : CountText(findings.size()),
                        report.regions[index].pages, report.regions[index].mappings);
    AppendFindings(text, findings);
  }
  const std::vector<Finding> outside = FindingsIn(report, "");
  if (!outside.empty()) {
    text += std::format("  outside every region: {}\n", CountText(outside.size()));
    AppendFindings(text, outside);
  }
  for (const std::string& note : report.notes) text += std::format("  {}\n", note);
  const size_t faults = report.findings.size();
  text += faults == 0 ? std::format("LAYOUT OK {}", layout.name)
                      : std::format("LAYOUT FAULT {} faults={}", layout.name, faults);
  text += std::format(" regions={} mappings={}", layout.regions.size(), report.mappings);
  if (!layout.digest.empty()) text += std::format(" digest={}", layout.digest);
  return text + "\n";
}

std::string CheckAsJson(const TableForm& form, const Layout& layout, const CheckReport& report,
                        std::span<const Mapping> runs) {
  Json json = FormAsJson(form);
  json["layout"] = layout.name;
  json["layout_address_bits"] = layout.address_bits;
  json["digest"] = layout.digest;
  json["verdict"] = VerdictOf(report);
  json["mappings"] = report.mappings;
  json["regions"] = Json::array();
  for (size_t index = 0; index < layout.regions.size(); ++index) {
    const Region& region = layout.regions[index];
    json["regions"].push_back({{"name", region.name},
                               {"first", Text(region.first)},
                               {"last", Text(region.last)},
                               {"pages", report.regions[index].pages},
                               {"mappings", report.regions[index].mappings},
                               {"faults", FindingsIn(report, region.name).size()}});
  }
  json["faults"] = Json::array();
  for (const Finding& finding : report.findings) {
    json["faults"].push_back({{"fault", Text(finding.kind)},
                              {"region", finding.region},
                              {"first", Text(finding.first)},
                              {"last", Text(finding.last)},
                              {"detail", finding.detail}});
  }
  json["notes"] = report.notes;
  json["runs"] = RunsAsJson(runs);
  return json.dump(kJsonIndent) + "\n";
}

}  // namespace layoutcheck
