#include "tools/layoutcheck/process_list.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <format>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck {
namespace {

constexpr int kDecimal = 10;
constexpr int kHexadecimal = 16;

// Takes what is before `end`, and that itself, off the front of `text`.
std::optional<std::string_view> TakeUntil(std::string_view& text, char end) {
  const size_t length = text.find(end);
  if (length == std::string_view::npos) return std::nullopt;
  const std::string_view word = text.substr(0, length);
  text.remove_prefix(length + 1);
  return word;
}

std::optional<uint64_t> NumberOf(std::optional<std::string_view> text, int base) {
  if (!text) return std::nullopt;
  uint64_t number = 0;
  const char* const end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, number, base);
  return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

// With "0x" in front.
std::optional<uint64_t> AddressOf(std::optional<std::string_view> text) {
  constexpr std::string_view kPrefix = "0x";
  if (!text || !text->starts_with(kPrefix)) return std::nullopt;
  return NumberOf(text->substr(kPrefix.size()), kHexadecimal);
}

// "NUMBER ROOT BYTES NAME".
std::optional<Process> ProcessOf(std::string_view line) {
  const std::optional<std::string_view> number = TakeUntil(line, ' ');
  if (!NumberOf(number, kDecimal)) return std::nullopt;
  const std::optional<uint64_t> root = AddressOf(TakeUntil(line, ' '));
  const std::optional<uint64_t> bytes = NumberOf(TakeUntil(line, ' '), kDecimal);
  if (!root || !bytes) return std::nullopt;
  return Process{.name = std::format("{} {}", *number, line),
                 .root = *root,
                 .root_bytes = *bytes,
                 .areas = {}};
}

// "NUMBER ROOT BYTES", and " FIRST-LAST" for each range that is its own.
std::optional<Thread> ThreadOf(std::string_view line) {
  const std::string text = std::format("{} ", line);
  std::string_view rest = text;
  const std::optional<std::string_view> number = TakeUntil(rest, ' ');
  const std::optional<uint64_t> root = AddressOf(TakeUntil(rest, ' '));
  const std::optional<uint64_t> bytes = NumberOf(TakeUntil(rest, ' '), kDecimal);
  if (!NumberOf(number, kDecimal) || !root || !bytes) return std::nullopt;
  Thread thread = {.name = std::string(*number), .root = *root, .root_bytes = *bytes, .own = {}};
  while (std::optional<std::string_view> range = TakeUntil(rest, ' ')) {
    const std::optional<uint64_t> first = AddressOf(TakeUntil(*range, '-'));
    const std::optional<uint64_t> last = AddressOf(*range);
    if (!first || !last || *last < *first) return std::nullopt;
    thread.own.push_back({{*first}, {*last}});
  }
  return thread;
}

// Of "rwxp": each letter or '-'.
std::optional<Rights> RightsOf(std::string_view letters) {
  constexpr std::string_view kLetters = "rwx";
  constexpr Rights kRights[] = {Rights::kRead, Rights::kWrite, Rights::kExecute};
  Rights rights = Rights::kNone;
  for (size_t i = 0; i < kLetters.size(); ++i) {
    if (letters[i] == kLetters[i]) {
      rights = rights | kRights[i];
    } else if (letters[i] != '-') {
      return std::nullopt;
    }
  }
  return rights;
}

// Whether the area's letter says that it is shared, and its name that it is so with everybody.
std::optional<Sharing> SharingOf(char letter, std::string_view line) {
  constexpr std::string_view kGlobalName = " [shared]";
  if (letter == 'p') return Sharing::kPrivate;
  if (letter != 's') return std::nullopt;
  return line.ends_with(kGlobalName) ? Sharing::kGlobal : Sharing::kShared;
}

// "FIRST-END RIGHTS ...", as in Linux's /proc/<pid>/maps. The end may be 0, behind the last page.
std::optional<Area> AreaOf(std::string_view line) {
  constexpr size_t kLetters = 4;
  const std::optional<uint64_t> first = NumberOf(TakeUntil(line, '-'), kHexadecimal);
  const std::optional<uint64_t> end = NumberOf(TakeUntil(line, ' '), kHexadecimal);
  if (!first || !end || line.size() < kLetters) return std::nullopt;
  const std::optional<Rights> rights = RightsOf(line);
  const std::optional<Sharing> sharing = SharingOf(line[kLetters - 1], line);
  if (!rights || !sharing || *end - 1 < *first) return std::nullopt;
  return Area{.first = {*first}, .last = {*end - 1}, .rights = *rights, .sharing = *sharing};
}

}  // namespace

std::expected<std::vector<Process>, std::string> ReadProcesses(std::string_view text) {
  constexpr std::string_view kProcess = "process ";
  constexpr std::string_view kThread = "thread ";
  std::vector<Process> processes;
  for (size_t number = 1; !text.empty(); ++number) {
    const std::optional<std::string_view> line = TakeUntil(text, '\n');
    const auto refuse = [number](std::string_view problem) {
      return std::unexpected(std::format("line {}: {}", number, problem));
    };
    if (!line) return refuse("has no end");
    if (line->starts_with(kProcess)) {
      const std::optional<Process> process = ProcessOf(line->substr(kProcess.size()));
      if (!process) return refuse("is not 'process NUMBER ROOT BYTES NAME'");
      processes.push_back(*process);
      continue;
    }
    if (line->starts_with(kThread)) {
      const std::optional<Thread> thread = ThreadOf(line->substr(kThread.size()));
      if (!thread) return refuse("is not 'thread NUMBER ROOT BYTES FIRST-LAST...'");
      if (processes.empty()) return refuse("is a thread of no process");
      processes.back().threads.push_back(*thread);
      continue;
    }
    const std::optional<Area> area = AreaOf(*line);
    if (!area) return refuse("is neither a process nor an area");
    if (processes.empty()) return refuse("is an area of no process");
    std::vector<Area>& areas = processes.back().areas;
    if (!areas.empty() && area->first <= areas.back().last)
      return refuse("is not above the area before");
    areas.push_back(*area);
  }
  return processes;
}

}  // namespace layoutcheck
