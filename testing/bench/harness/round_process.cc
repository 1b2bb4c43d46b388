#include "testing/bench/harness/round_process.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace bench {
namespace {

constexpr char kRound = 'r';
constexpr char kVerify = 'v';

// What ends every answer; no answer has an empty line inside.
constexpr std::string_view kEndOfAnswer = "\n\n";

void Send(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written <= 0) {
      _exit(1);  // the parent is gone
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
}

[[noreturn]] void Serve(const Contender& contender, int commands, int answers) {
  char command = 0;
  while (read(commands, &command, 1) == 1) {
    std::string answer;
    if (command == kRound) {
      answer = EncodeSample(contender.round());
    } else if (contender.verify) {
      answer = contender.verify().value_or("");
    }
    Send(answers, answer + std::string(kEndOfAnswer));
  }
  _exit(0);
}

}  // namespace

RoundProcess::RoundProcess(const Contender& contender) {
  int commands[2];
  int answers[2];
  if (pipe2(commands, 0) != 0 || pipe2(answers, 0) != 0) {
    return;
  }
  fflush(nullptr);
  process_ = fork();
  if (process_ == 0) {
    // Later siblings hold copies of the pipes, which so do not tell that the parent has gone.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(commands[1]);
    close(answers[0]);
    Serve(contender, commands[0], answers[1]);
  }
  close(commands[0]);
  close(answers[1]);
  commands_ = commands[1];
  answers_ = answers[0];
}

RoundProcess::RoundProcess(RoundProcess&& other) noexcept
    : process_(std::exchange(other.process_, -1)),
      commands_(std::exchange(other.commands_, -1)),
      answers_(std::exchange(other.answers_, -1)) {}

RoundProcess::~RoundProcess() {
  if (commands_ >= 0) {
    close(commands_);
    close(answers_);
  }
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
}

std::string RoundProcess::HowItEnded() {
  int status = 0;
  if (process_ <= 0 || waitpid(process_, &status, 0) != process_) {
    return "no process could be started";
  }
  process_ = -1;
  if (WIFSIGNALED(status)) {
    return std::string("ended by signal: ") + strsignal(WTERMSIG(status));
  }
  return "ended with status " + std::to_string(WEXITSTATUS(status));
}

std::expected<std::string, std::string> RoundProcess::Ask(char command) {
  if (process_ <= 0) {
    return std::unexpected("no process could be started");
  }
  if (write(commands_, &command, 1) != 1) {
    return std::unexpected(HowItEnded());
  }
  std::string answer;
  while (!answer.ends_with(kEndOfAnswer)) {
    char part[1024];
    const ssize_t length = read(answers_, part, sizeof(part));
    if (length <= 0) {
      return std::unexpected(HowItEnded());
    }
    answer.append(part, static_cast<size_t>(length));
  }
  answer.resize(answer.size() - kEndOfAnswer.size());
  return answer;
}

std::expected<Sample, std::string> RoundProcess::Round() {
  const auto answer = Ask(kRound);
  if (!answer) {
    return std::unexpected(answer.error());
  }
  const auto sample = DecodeSample(*answer);
  if (!sample) {
    return std::unexpected("its figures cannot be read: " + *answer);
  }
  return *sample;
}

std::optional<std::string> RoundProcess::Verify() {
  const auto answer = Ask(kVerify);
  if (!answer) {
    return answer.error();
  }
  return answer->empty() ? std::nullopt : std::optional(*answer);
}

std::string EncodeSample(const Sample& sample) {
  char number[40];
  snprintf(number, sizeof(number), "%a\t", sample.nanoseconds);
  std::string text = number;
  for (const auto& [name, value] : sample.extra) {
    snprintf(number, sizeof(number), "\n%a\t", value);
    text += number + name;
  }
  return text;
}

std::optional<Sample> DecodeSample(const std::string& text) {
  Sample sample;
  size_t begin = 0;
  for (bool first = true; begin <= text.size(); first = false) {
    const size_t line_length = std::min(text.find('\n', begin), text.size()) - begin;
    const std::string line = text.substr(begin, line_length);
    char* rest = nullptr;
    const double value = strtod(line.c_str(), &rest);
    if (rest == line.c_str() || *rest != '\t') {
      return std::nullopt;
    }
    if (first) {
      sample.nanoseconds = value;
    } else {
      sample.extra.emplace_back(rest + 1, value);
    }
    begin += line_length + 1;
  }
  return sample;
}

}  // namespace bench
