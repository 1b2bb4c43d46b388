#include "tools/layoutcheck/options.h"

#include <charconv>
#include <cstddef>
#include <expected>
#include <format>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "tools/layoutcheck/gdb_guest.h"
#include "tools/layoutcheck/stream_socket.h"

namespace layoutcheck {
namespace {

// The rest of `argument` after `prefix`, such as "--cpu=".
std::optional<std::string_view> ValueOf(std::string_view argument, std::string_view prefix) {
  if (!argument.starts_with(prefix)) return std::nullopt;
  return argument.substr(prefix.size());
}

std::optional<unsigned> NumberOf(std::string_view text) {
  unsigned number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

std::string Refusal(std::string_view argument, std::string_view problem) {
  return std::format("'{}' {}; --help lists what there is", argument, problem);
}

// Whether `argument` is an option with a text, which is then set.
std::expected<bool, std::string> ReadText(std::string_view argument, Options& options) {
  const auto set_link = [&](Options::Link link, std::string_view address) {
    options.link = link;
    if (!options.address.empty()) return Refusal(argument, "is a second address");
    options.address = address;
    return address.empty() ? Refusal(argument, "needs a value") : std::string();
  };
  std::string refusal;
  if (const auto gdb = ValueOf(argument, "--gdb=")) {
    refusal = set_link(Options::Link::kGdb, *gdb);
  } else if (const auto monitor = ValueOf(argument, "--monitor=")) {
    refusal = set_link(Options::Link::kMonitor, *monitor);
  } else if (const auto layout = ValueOf(argument, "--layout=")) {
    options.layout = *layout;
    if (layout->empty()) refusal = Refusal(argument, "needs a value");
  } else if (const auto image = ValueOf(argument, "--image=")) {
    options.image = *image;
    if (image->empty()) refusal = Refusal(argument, "needs a value");
  } else if (const auto processes = ValueOf(argument, "--processes=")) {
    options.processes = *processes;
    if (processes->empty()) refusal = Refusal(argument, "needs a value");
  } else {
    return false;
  }
  if (!refusal.empty()) return std::unexpected(refusal);
  return true;
}

std::expected<bool, std::string> ReadNumber(std::string_view argument, Options& options) {
  constexpr unsigned kMostCpus = 65535;
  constexpr unsigned kMostSeconds = 86400;
  const auto cpu = ValueOf(argument, "--cpu=");
  const auto seconds = ValueOf(argument, "--timeout=");
  if (!cpu && !seconds) return false;
  const std::optional<unsigned> number = NumberOf(cpu ? *cpu : *seconds);
  const unsigned most = cpu ? kMostCpus : kMostSeconds;
  const unsigned fewest = cpu ? 0 : 1;
  if (!number || *number < fewest || *number > most) {
    return std::unexpected(
        Refusal(argument, std::format("is no number from {} to {}", fewest, most)));
  }
  if (cpu) {
    options.cpu = *number;
  } else {
    options.patience = std::chrono::seconds(*number);
  }
  return true;
}

bool ReadWord(std::string_view argument, Options& options) {
  if (argument == "--list") {
    options.task = Options::Task::kList;
  } else if (argument == "--json") {
    options.form = Options::Form::kJson;
  } else if (argument == "--leave-stopped") {
    options.afterwards = Afterwards::kStayStopped;
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::expected<Options, std::string> ReadOptions(std::span<const std::string_view> arguments) {
  Options options;
  for (const std::string_view argument : arguments) {
    if (argument == "--help" || argument == "-h") {
      options.task = Options::Task::kHelp;
      return options;
    }
    if (ReadWord(argument, options)) continue;
    const auto text = ReadText(argument, options);
    if (!text) return std::unexpected(text.error());
    if (*text) continue;
    const auto number = ReadNumber(argument, options);
    if (!number) return std::unexpected(number.error());
    if (!*number) return std::unexpected(Refusal(argument, "is no option"));
  }
  if (options.address.empty()) {
    return std::unexpected("--gdb=ADDRESS or --monitor=ADDRESS is needed; --help says more");
  }
  const bool needs_layout = options.task == Options::Task::kCheck;
  if (needs_layout == options.layout.empty()) {
    return std::unexpected(needs_layout ? "--layout=FILE is needed, or --list"
                                        : "--list takes no --layout=");
  }
  if (!needs_layout && !options.image.empty()) {
    return std::unexpected("--list takes no --image=");
  }
  if (!options.processes.empty() && (!needs_layout || options.form == Options::Form::kJson)) {
    return std::unexpected("--processes= goes neither with --list nor with --json");
  }
  return options;
}

std::string_view HelpText() {
  return R"(Compares the live page tables of a kernel in QEMU with a layout, from outside the machine.

  layoutcheck --gdb=ADDRESS --layout=FILE [OPTION...]
  layoutcheck --gdb=ADDRESS --list [OPTION...]

  --gdb=ADDRESS      QEMU's gdb stub (its -gdb or -s)
  --monitor=ADDRESS  or, where there is none, its monitor (-monitor or -qmp), which then opens a
                     gdb stub for the time of the check
  --layout=FILE      the layout as JSON: tools/layoutcheck/README.md describes it
  --image=FILE       the kernel's ELF file: compare the pages of its image with it, too
  --processes=FILE   the processes' tables and areas: check all of these tables instead of those
                     that are walked now, and compare them with the areas and with each other
  --list             only print what is mapped
  --json             print JSON
  --cpu=N            walk the tables of this processor (default 0)
  --timeout=SECONDS  how long to wait for QEMU each time (default 10)
  --leave-stopped    do not resume the guest; one that was stopped before is never resumed
  --help             this text

An ADDRESS is unix:PATH, HOST:PORT, or PORT for this machine.
Ends with 0 if the tables are as the layout says, 1 if not, 2 if that could not be checked.
)";
}

}  // namespace layoutcheck
