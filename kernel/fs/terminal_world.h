// Both sides of a terminal, for tests: a line that remembers, and a session of two groups.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/fs/job_control.h"
#include "kernel/fs/terminal.h"
#include "kernel/posix/signal.h"

namespace fs {

// What was sent to the line.
class TestScreen final : public TerminalLine {
 public:
  void Send(char c) override {
    if (count_ < text_.size()) text_[count_++] = c;
  }
  // Since the last look.
  std::string_view Take() {
    const std::string_view text(text_.data() + seen_, count_ - seen_);
    seen_ = count_;
    return text;
  }

 private:
  std::array<char, 9000> text_{};
  size_t count_ = 0;
  size_t seen_ = 0;
};

// One session, 7, with the groups 7 and 8.
class TestJobs final : public JobControl {
 public:
  int32_t CurrentGroup() override { return group; }
  int32_t CurrentSession() override { return session; }
  bool CurrentLeadsSession() override { return leads; }
  int32_t SessionOf(int32_t of) override { return of == 7 || of == 8 ? 7 : (of == 9 ? 9 : 0); }
  bool IsOrphaned(int32_t) override { return orphaned; }
  bool CurrentIgnores(posix::Signal) override { return ignores; }
  void SignalGroup(int32_t to, posix::Signal signal) override {
    last_group = to;
    last_signal = signal;
    ++signals;
  }

  int32_t group = 7;
  int32_t session = 7;
  bool leads = true;
  bool orphaned = false;
  bool ignores = false;
  int32_t last_group = 0;
  std::optional<posix::Signal> last_signal;
  int signals = 0;
};

}  // namespace fs
