#include "testing/bench/harness/program.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "testing/bench/harness/chart.h"
#include "testing/bench/harness/json_report.h"
#include "testing/bench/harness/options.h"
#include "testing/bench/harness/runner.h"
#include "testing/bench/harness/text_table.h"
#include "testing/bench/harness/verdict.h"

namespace bench {
namespace {

enum Status { kDone = 0, kFailed = 1, kMisused = 2, kGoalMissed = 3 };

// On a terminal one line that changes; in a log a line for each workload.
void ShowProgress(const std::string& text) {
  static const bool terminal = isatty(STDERR_FILENO) != 0;
  if (terminal) {
    fprintf(stderr, "\r\x1b[K%s", text.c_str());
  } else if (text.ends_with(": verify")) {
    fprintf(stderr, "%s\n", text.substr(0, text.rfind(':')).c_str());
  }
}

void EndProgress() {
  if (isatty(STDERR_FILENO) != 0) {
    fprintf(stderr, "\r\x1b[K");
  }
}

// A relative path is the caller's, where `bazel run` says that was.
std::string CallersPath(const std::string& path) {
  const char* directory = getenv("BUILD_WORKING_DIRECTORY");
  return directory == nullptr || path.starts_with('/') ? path : directory + ("/" + path);
}

bool WriteFile(const std::string& path, const std::string& text) {
  FILE* file = fopen(CallersPath(path).c_str(), "w");
  const bool written = file != nullptr && fwrite(text.data(), 1, text.size(), file) == text.size();
  if ((file != nullptr && fclose(file) != 0) || !written) {
    fprintf(stderr, "bench: cannot write %s\n", path.c_str());
    return false;
  }
  return true;
}

void List(const std::vector<Workload>& workloads) {
  for (const Workload& workload : workloads) {
    printf("%s/%s:", workload.group.c_str(), workload.name.c_str());
    const char* separator = " ";
    for (const Contender& contender : workload.contenders) {
      printf("%s%s", separator, contender.name.c_str());
      separator = ", ";
    }
    printf("\n");
  }
}

int RunVerify(const std::vector<Workload>& workloads) {
  const auto failures = Verify(workloads, ShowProgress);
  EndProgress();
  for (const std::string& failure : failures) {
    fprintf(stderr, "bench: %s\n", failure.c_str());
  }
  printf("%zu workloads verified, %zu failures\n", workloads.size(), failures.size());
  return failures.empty() ? kDone : kFailed;
}

int RunMeasure(const std::vector<Workload>& workloads, const Options& options) {
  if (!StayOnOneProcessor()) {
    fprintf(stderr, "bench: cannot stay on one processor; figures will vary more\n");
  }
  const auto results =
      Measure(workloads, {.rounds = options.rounds, .warm_up_rounds = options.warm_up_rounds},
              ShowProgress);
  EndProgress();
  const auto verdicts = Judge(results);

  bool written = true;
  if (options.json_path == "-") {
    printf("%s", JsonReport(results, verdicts).c_str());
  } else {
    printf("%s%s", FiguresText(results).c_str(), VerdictsText(verdicts).c_str());
    if (!options.json_path.empty()) {
      written = WriteFile(options.json_path, JsonReport(results, verdicts));
    }
  }
  if (!options.svg_path.empty()) {
    written = WriteFile(options.svg_path, ChartSvg(verdicts)) && written;
  }

  const bool failed = std::ranges::any_of(results, [](const WorkloadResult& result) {
    return std::ranges::any_of(result.contenders, [](const ContenderResult& contender) {
      return contender.failure.has_value();
    });
  });
  const bool missed = std::ranges::any_of(
      verdicts, [](const Verdict& verdict) { return verdict.state != Verdict::kMet; });
  if (failed || !written) {
    return kFailed;
  }
  return missed && options.require_goals ? kGoalMissed : kDone;
}

}  // namespace

int RunProgram(std::span<const char* const> arguments, std::vector<Workload> workloads) {
  const auto options = ParseOptions(arguments);
  if (!options) {
    fprintf(stderr, "bench: %s\n", options.error().c_str());
    return kMisused;
  }
  if (options->action == Options::kHelp) {
    printf("%s", kUsage);
    return kDone;
  }
  std::erase_if(workloads, [&options](const Workload& workload) {
    return !(workload.group + "/" + workload.name).contains(options->filter);
  });
  if (workloads.empty()) {
    fprintf(stderr, "bench: no workload's name contains '%s'; --list shows them\n",
            options->filter.c_str());
    return kMisused;
  }
  // A contender that crashed leaves a pipe nobody reads.
  signal(SIGPIPE, SIG_IGN);
  switch (options->action) {
    case Options::kList:
      List(workloads);
      return kDone;
    case Options::kVerify:
      return RunVerify(workloads);
    case Options::kMeasure:
    case Options::kHelp:
      break;
  }
  return RunMeasure(workloads, *options);
}

}  // namespace bench
