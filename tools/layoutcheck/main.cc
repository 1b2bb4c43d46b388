// layoutcheck: compares the live page tables of a kernel in QEMU with a layout. README.md says how.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <expected>
#include <format>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/check.h"
#include "tools/layoutcheck/elf_image.h"
#include "tools/layoutcheck/finding.h"
#include "tools/layoutcheck/gdb_guest.h"
#include "tools/layoutcheck/guest_memory.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/mapping.h"
#include "tools/layoutcheck/monitor_stub.h"
#include "tools/layoutcheck/options.h"
#include "tools/layoutcheck/process_list.h"
#include "tools/layoutcheck/report.h"
#include "tools/layoutcheck/space_check.h"
#include "tools/layoutcheck/table_walk.h"

namespace {

using layoutcheck::Options;

constexpr int kGood = 0;
constexpr int kFaults = 1;
constexpr int kCannotCheck = 2;

template <class Value>
using OrProblem = std::expected<Value, std::string>;

// What `read` makes of a file's contents; the problem names the file.
template <class Read>
auto ReadFile(const std::string& path, Read read) -> decltype(read(std::string_view())) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) return std::unexpected(std::format("{}: cannot be read", path));
  auto contents = read(text);
  if (!contents) return std::unexpected(std::format("{}: {}", path, contents.error()));
  return contents;
}

// Nothing if none was named.
OrProblem<std::optional<layoutcheck::ElfImage>> ReadImageFile(const std::string& path) {
  if (path.empty()) return std::nullopt;
  OrProblem<layoutcheck::ElfImage> image = ReadFile(path, layoutcheck::ReadElfImage);
  if (!image) return std::unexpected(std::move(image.error()));
  return std::optional(*std::move(image));
}

// What is known of a guest after it was read.
struct Snapshot {
  layoutcheck::TableForm form;
  std::vector<layoutcheck::PhysicalRange> ram;
  std::vector<layoutcheck::Mapping> runs;
  std::vector<layoutcheck::WalkFault> faults;
  std::vector<layoutcheck::PhysicalAddress> tables;  // pages with entries for pages
};

OrProblem<Snapshot> ReadTables(layoutcheck::GdbGuest& guest, layoutcheck::GuestMemory& memory,
                               const layoutcheck::Machine& machine) {
  const OrProblem<layoutcheck::TableForm> form = layoutcheck::FormOf(machine);
  if (!form) return std::unexpected(form.error());
  layoutcheck::MappingCollector collector;
  std::vector<layoutcheck::PhysicalAddress> tables;
  OrProblem<layoutcheck::WalkResult> walk = layoutcheck::WalkTables(
      machine, memory,
      [&](const layoutcheck::Mapping& mapping, layoutcheck::PhysicalAddress entry) {
        collector.Add(mapping);
        const uint64_t page = entry.value - entry.value % layoutcheck::kPageBytes;
        if (tables.empty() || tables.back().value != page) tables.push_back({page});
      });
  if (!walk) return std::unexpected(std::move(walk.error()));
  if (collector.IsFull()) {
    walk->faults.push_back({{0},
                            std::format("more than {} runs of pages, the rest is not checked",
                                        layoutcheck::MappingCollector::kMostRuns)});
  }
  return Snapshot{.form = *form,
                  .ram = {guest.Ram().begin(), guest.Ram().end()},
                  .runs = collector.TakeRuns(),
                  .faults = std::move(walk->faults),
                  .tables = std::move(tables)};
}

// Whose tables are looked at: a process's, or one of its threads'.
struct Owner {
  const layoutcheck::Process* process = nullptr;
  const layoutcheck::Thread* thread = nullptr;
  size_t process_index = 0;  // of the process itself, among all owners

  [[nodiscard]] std::string Name() const {
    return thread != nullptr ? std::format("thread {}", thread->name)
                             : std::format("process {}", process->name);
  }
};

std::vector<Owner> OwnersOf(const std::vector<layoutcheck::Process>& processes) {
  std::vector<Owner> owners;
  for (const layoutcheck::Process& process : processes) {
    const size_t index = owners.size();
    owners.push_back({.process = &process, .process_index = index});
    for (const layoutcheck::Thread& thread : process.threads) {
      owners.push_back({.process = &process, .thread = &thread, .process_index = index});
    }
  }
  return owners;
}

// Of the tables that the processor uses, or else those of each owner.
OrProblem<std::vector<Snapshot>> ReadSnapshots(layoutcheck::GdbGuest& guest, unsigned cpu,
                                               const std::vector<Owner>& owners) {
  OrProblem<layoutcheck::Machine> machine = guest.ReadMachine(cpu);
  if (!machine) return std::unexpected(machine.error());
  std::vector<layoutcheck::Machine> machines;
  for (const Owner& owner : owners) {
    const auto [root, bytes] = owner.thread != nullptr
                                   ? std::pair(owner.thread->root, owner.thread->root_bytes)
                                   : std::pair(owner.process->root, owner.process->root_bytes);
    OrProblem<layoutcheck::Machine> other = layoutcheck::WithRoot(*machine, root, bytes);
    if (!other) return std::unexpected(std::format("{}: {}", owner.Name(), other.error()));
    machines.push_back(*std::move(other));
  }
  if (owners.empty()) machines.push_back(*std::move(machine));
  layoutcheck::GuestMemory memory(guest);
  std::vector<Snapshot> snapshots;
  for (const layoutcheck::Machine& one : machines) {
    OrProblem<Snapshot> snapshot = ReadTables(guest, memory, one);
    if (!snapshot) return std::unexpected(std::move(snapshot.error()));
    snapshots.push_back(*std::move(snapshot));
  }
  return snapshots;
}

// The guest runs again when this returns.
OrProblem<std::vector<Snapshot>> ReadGuest(const Options& options,
                                           const std::vector<Owner>& owners) {
  std::string address = options.address;
  std::unique_ptr<layoutcheck::MonitorStub> stub;
  if (options.link == Options::Link::kMonitor) {
    auto opened = layoutcheck::MonitorStub::Open(address, options.patience);
    if (!opened) return std::unexpected(std::move(opened.error()));
    stub = std::move(*opened);
    address = stub->GdbAddress();
  }
  auto guest = layoutcheck::GdbGuest::Attach(address, options.patience, options.afterwards);
  if (!guest) return std::unexpected(std::move(guest.error()));
  return ReadSnapshots(**guest, options.cpu, owners);
}

int Fail(std::string_view problem) {
  std::fprintf(stderr, "layoutcheck: %.*s\n", static_cast<int>(problem.size()), problem.data());
  return kCannotCheck;
}

int Print(std::string_view text, int status) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return written && std::fflush(stdout) == 0 ? status : kCannotCheck;
}

int List(const Options& options) {
  const OrProblem<std::vector<Snapshot>> snapshots = ReadGuest(options, {});
  if (!snapshots) return Fail(snapshots.error());
  const Snapshot* const snapshot = &snapshots->front();
  for (const layoutcheck::WalkFault& fault : snapshot->faults) {
    std::fprintf(stderr, "layoutcheck: %s: %s\n", layoutcheck::Text(fault.at).c_str(),
                 fault.what.c_str());
  }
  const bool as_json = options.form == Options::Form::kJson;
  return Print(as_json ? layoutcheck::MapAsJson(snapshot->form, snapshot->runs)
                       : layoutcheck::MapAsText(snapshot->form, snapshot->runs),
               snapshot->faults.empty() ? kGood : kFaults);
}

// None if no file was named.
OrProblem<std::vector<layoutcheck::Process>> ReadProcessFile(const std::string& path) {
  if (path.empty()) return {};
  OrProblem<std::vector<layoutcheck::Process>> processes =
      ReadFile(path, layoutcheck::ReadProcesses);
  if (processes && processes->empty()) {
    return std::unexpected(std::format("{}: no process", path));
  }
  return processes;
}

layoutcheck::SpaceFrames FramesOf(const std::vector<Owner>& owners,
                                  const std::vector<Snapshot>& snapshots) {
  layoutcheck::SpaceFrames frames;
  for (size_t i = 0; i < owners.size(); ++i) {
    const Snapshot& snapshot = snapshots[i];
    if (owners[i].thread != nullptr) {
      frames.Add(*owners[i].thread, snapshot.runs, snapshot.tables);
    } else {
      frames.Add(*owners[i].process, snapshot.runs, snapshot.tables);
    }
  }
  frames.Seal();
  return frames;
}

// What is wrong of an owner's table beside the process's areas and the others' tables.
std::vector<layoutcheck::Finding> CheckOwner(const layoutcheck::Layout& layout, const Owner& owner,
                                             const std::vector<Snapshot>& snapshots, size_t index,
                                             const layoutcheck::SpaceFrames& frames) {
  const std::vector<layoutcheck::Mapping>& runs = snapshots[index].runs;
  if (owner.thread == nullptr) {
    return layoutcheck::CheckSpace(layout, *owner.process, runs, frames);
  }
  return layoutcheck::CheckThread(layout, *owner.thread, runs, snapshots[owner.process_index].runs,
                                  frames);
}

std::string CheckText(const Options& options, const Snapshot& snapshot,
                      const layoutcheck::Layout& layout, const layoutcheck::CheckReport& report) {
  const bool as_json = options.form == Options::Form::kJson;
  return as_json ? layoutcheck::CheckAsJson(snapshot.form, layout, report, snapshot.runs)
                 : layoutcheck::CheckAsText(snapshot.form, layout, report);
}

int Check(const Options& options) {
  OrProblem<std::vector<layoutcheck::Layout>> layouts =
      ReadFile(options.layout, layoutcheck::ReadLayouts);
  if (!layouts) return Fail(layouts.error());
  const OrProblem<std::optional<layoutcheck::ElfImage>> image = ReadImageFile(options.image);
  if (!image) return Fail(image.error());
  const OrProblem<std::vector<layoutcheck::Process>> processes = ReadProcessFile(options.processes);
  if (!processes) return Fail(processes.error());
  const std::vector<Owner> owners = OwnersOf(*processes);
  const OrProblem<std::vector<Snapshot>> snapshots = ReadGuest(options, owners);
  if (!snapshots) return Fail(snapshots.error());
  const OrProblem<layoutcheck::Layout> layout =
      layoutcheck::ChooseLayout(std::move(*layouts), snapshots->front().form.address_bits);
  if (!layout) return Fail(std::format("{}: {}", options.layout, layout.error()));
  const layoutcheck::SpaceFrames frames = FramesOf(owners, *snapshots);
  std::string text;
  int status = kGood;
  for (size_t i = 0; i < snapshots->size(); ++i) {
    const Snapshot& snapshot = (*snapshots)[i];
    layoutcheck::CheckReport report =
        layoutcheck::CheckLayout({.layout = *layout,
                                  .ram = snapshot.ram,
                                  .runs = snapshot.runs,
                                  .walk_faults = snapshot.faults,
                                  .image = *image ? &**image : nullptr});
    if (i < owners.size()) {
      report.findings.append_range(CheckOwner(*layout, owners[i], *snapshots, i, frames));
      report.findings = layoutcheck::Join(std::move(report.findings));
      text += std::format("{}\n", owners[i].Name());
    }
    text += CheckText(options, snapshot, *layout, report);
    if (!report.findings.empty()) status = kFaults;
  }
  return Print(text, status);
}

}  // namespace

int main(int argument_count, char** arguments) {
  const std::vector<std::string_view> words(arguments + 1, arguments + argument_count);
  const OrProblem<Options> options = layoutcheck::ReadOptions(words);
  if (!options) return Fail(options.error());
  // Under `bazel run`, paths are those of the caller.
  const char* const directory = std::getenv("BUILD_WORKING_DIRECTORY");
  if (directory != nullptr && ::chdir(directory) != 0) return Fail("cannot enter the directory");
  switch (options->task) {
    case Options::Task::kHelp:
      return Print(layoutcheck::HelpText(), kGood);
    case Options::Task::kList:
      return List(*options);
    case Options::Task::kCheck:
      return Check(*options);
  }
  return kCannotCheck;
}
