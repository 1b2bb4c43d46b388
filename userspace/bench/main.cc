// The benchmark of a kernel from its first process: what its calls and faults cost, in instructions
// of the machine.
//
//   init [row=TEXT...]
//
// measures the rows whose names contain one of the texts, or all. Other arguments are ignored:
// Linux hands over what it does not know of its own command line. The program prints
// `start<TAB>ROW` before each row, then `row<TAB>ROW<TAB>INSTRUCTIONS` or
// `skipped<TAB>ROW<TAB>CALL<TAB>ERRNO`; at the end `end`. testing/bench/guest.sh boots and reads
// it. The counter is the processor's under QEMU's -icount.

#include <sys/reboot.h>
#include <sys/sysinfo.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <optional>

#include "userspace/bench/rows.h"
#include "userspace/support/errno_name.h"
#include "userspace/support/text.h"

namespace {

using support::Line;

// The filters of the command line; none lets everything through.
class Filters {
 public:
  Filters(int count, char** arguments) : count_(count), arguments_(arguments) {}

  bool Match(const char* name) const {
    bool filtered = false;
    for (int i = 0; i < count_; ++i) {
      if (std::strncmp(arguments_[i], kKey, kKeyBytes) != 0) continue;
      if (std::strstr(name, arguments_[i] + kKeyBytes) != nullptr) return true;
      filtered = true;
    }
    return !filtered;
  }

 private:
  static constexpr char kKey[] = "row=";
  static constexpr size_t kKeyBytes = sizeof kKey - 1;

  int count_;
  char** arguments_;
};

void PrintFigure(const char* name, uint64_t figure) {
  Line().Text("row\t").Text(name).Text("\t").Decimal(static_cast<int64_t>(figure)).Write();
}

void PrintSkipped(const char* name, const char* call, int error) {
  Line()
      .Text("skipped\t")
      .Text(name)
      .Text("\t")
      .Text(call)
      .Text("\t")
      .Text(support::ErrnoName(error))
      .Write();
}

void PrintFreeMemory(int error, const struct sysinfo& memory) {
  constexpr const char* kName = "free_kib";
  constexpr uint64_t kKib = 1024;
  if (error != 0) return PrintSkipped(kName, "sysinfo", error);
  PrintFigure(kName, uint64_t{memory.freeram} * memory.mem_unit / kKib);
}

void Run(const bench::Row& row) {
  Line().Text("start\t").Text(row.name).Write();
  bench::Trial trial;
  const bench::Figure figure = row.measure(trial);
  if (figure) return PrintFigure(row.name, *figure);
  PrintSkipped(row.name, trial.failed_call() != nullptr ? trial.failed_call() : "row",
               trial.error());
}

void RunAll(const bench::Row* rows, unsigned count, const Filters& filters) {
  for (unsigned i = 0; i < count; ++i) {
    if (filters.Match(rows[i].name)) Run(rows[i]);
  }
}

// A kernel that keeps user mode from the counter says so with a signal.
void OnIllegalInstruction(int) {
  Line().Text("skipped\tall\tinstruction counter\tSIGILL").Write();
  Line().Text("end").Write();
  bench::Exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  // First of all, before this program has taken memory itself.
  struct sysinfo memory = {};
  const int memory_error = sysinfo(&memory) == 0 ? 0 : errno;
  signal(SIGILL, OnIllegalInstruction);
  const uint64_t start = machine::ReadInstructionCounter();
  signal(SIGILL, SIG_DFL);

  const Filters filters(argc - 1, argv + 1);
  if (filters.Match("boot_to_init")) PrintFigure("boot_to_init", start);
  if (filters.Match("free_kib")) PrintFreeMemory(memory_error, memory);
  RunAll(bench::kMemoryRows, bench::kMemoryRowCount, filters);
  RunAll(bench::kProcessRows, bench::kProcessRowCount, filters);
  RunAll(bench::kMessageRows, bench::kMessageRowCount, filters);
  RunAll(bench::kSharedRows, bench::kSharedRowCount, filters);
  Line().Text("end").Write();
  reboot(RB_POWER_OFF);
  return 0;
}
