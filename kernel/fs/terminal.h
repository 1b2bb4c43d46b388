// A terminal: the line discipline between a serial line and the programs that read and write it.
//
// Characters come in by Receive(), from the tick; programs read what the discipline makes of them.
// Output goes straight to the line. The rules are termios(3)'s; not here are flow control by ^S and
// ^Q (the line never waits for a reader), parity, and delays.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "kernel/base/result.h"
#include "kernel/fs/buffer.h"
#include "kernel/fs/environment.h"
#include "kernel/fs/job_control.h"
#include "kernel/fs/open_file.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/signal.h"
#include "kernel/posix/terminal.h"
#include "kernel/sched/wait_queue.h"

namespace fs {

// The line's other direction.
class TerminalLine {
 public:
  virtual void Send(char c) = 0;

 protected:
  TerminalLine() = default;
  ~TerminalLine() = default;
  TerminalLine(const TerminalLine&) = default;
  TerminalLine& operator=(const TerminalLine&) = default;
};

class Terminal {
 public:
  static constexpr size_t kInputCharacters = 4096;

  Terminal(TerminalLine& line, JobControl& jobs, Environment& environment);
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // A character from the line. Never blocks.
  void Receive(char c);

  // Blocks until there is a line, in raw mode as VMIN and VTIME say. Errors: kAgain, kRestart,
  // kInputOutput (in the background, where nobody can stop the caller).
  posix::Result<size_t> Read(Destination& destination, Blocking blocking);
  // Errors: kRestart and kInputOutput in the background with TOSTOP; kFault.
  posix::Result<size_t> Write(Source& source);
  posix::Result<uintptr_t> Ioctl(uint32_t request, IoctlArgument& argument);

  [[nodiscard]] uint16_t ReadyEvents() const;
  [[nodiscard]] sched::WaitQueue& ready_queue() { return readable_; }

  // open of the terminal by a session's leader that has none makes it the session's.
  void OnOpen(uint32_t flags);
  // The session's leader has ended, or gives the terminal up.
  void EndSession(int32_t session);
  [[nodiscard]] int32_t session() const { return session_; }
  [[nodiscard]] int32_t foreground_group() const { return foreground_group_; }

  [[nodiscard]] const posix::TerminalSettings& settings() const { return settings_; }

  // Error: kCorrupt.
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  // A character of input; kDelimiter ends a line, and with it kEndOfFile has no character.
  using Cell = uint16_t;
  static constexpr Cell kDelimiter = 0x100;
  static constexpr Cell kEndOfFile = 0x200;

  [[nodiscard]] bool Has(uint32_t local) const { return (settings_.local & local) != 0; }
  [[nodiscard]] bool IsCharacter(char c, posix::ControlCharacter which) const;

  // Receive()'s steps: whether the character is done with.
  [[nodiscard]] bool TakeSignal(char c);
  [[nodiscard]] bool TakeEditing(char c);
  [[nodiscard]] bool IsLineEnd(char c) const;
  void Store(Cell cell);
  void EndLine();

  void EraseCharacter();
  void EraseWord();
  void KillLine();
  void Reprint();
  void Echo(char c);
  void EraseEcho(char c);
  void SendProcessed(char c);
  [[nodiscard]] size_t ColumnsOf(char c) const;

  [[nodiscard]] size_t readable() const { return static_cast<size_t>(committed_ - read_); }
  [[nodiscard]] Cell& At(uint64_t position) { return input_[position % kInputCharacters]; }
  [[nodiscard]] bool IsReady() const;
  [[nodiscard]] posix::Result<> WaitForInput(Blocking blocking);
  posix::Result<size_t> TakeLine(Destination& destination);
  posix::Result<size_t> TakeRaw(Destination& destination);
  void FlushInput();

  // For a process in the background: signals its group, so that it stops. Errors: kRestart,
  // kInputOutput.
  [[nodiscard]] posix::Result<> CheckForeground(posix::Signal signal);
  [[nodiscard]] bool IsInBackground() const;
  void SignalForeground(posix::Signal signal);

  posix::Result<> SetSettings(IoctlArgument& argument);
  posix::Result<> SetWindowSize(IoctlArgument& argument);
  posix::Result<> SetForegroundGroup(IoctlArgument& argument);
  posix::Result<> MakeControlling(const IoctlArgument& argument);
  [[nodiscard]] size_t CountReadable() const;

  TerminalLine& line_;
  JobControl& jobs_;
  Environment& environment_;
  posix::TerminalSettings settings_;
  posix::WindowSize window_{};
  int32_t session_ = 0;
  int32_t foreground_group_ = 0;

  // Counts of characters since the start: read, ended by a line's end, received.
  std::array<Cell, kInputCharacters> input_{};
  uint64_t read_ = 0;
  uint64_t committed_ = 0;
  uint64_t written_ = 0;
  bool next_is_literal_ = false;
  sched::WaitQueue readable_;
};

// A terminal that somebody has opened.
class TerminalFile final : public OpenFile {
 public:
  TerminalFile(Memory& memory, Ref<Inode> inode, uint32_t flags, Terminal& terminal)
      : OpenFile(memory, std::move(inode), flags), terminal_(terminal) {}

  posix::Result<size_t> Read(Destination& destination) override {
    return terminal_.Read(destination, blocking());
  }
  posix::Result<size_t> Write(Source& source) override { return terminal_.Write(source); }
  posix::Result<uintptr_t> Ioctl(uint32_t request, IoctlArgument& argument) override {
    return terminal_.Ioctl(request, argument);
  }
  [[nodiscard]] uint16_t ReadyEvents() override { return terminal_.ReadyEvents(); }
  [[nodiscard]] sched::WaitQueue* ready_queue() override { return &terminal_.ready_queue(); }

 private:
  Terminal& terminal_;
};

}  // namespace fs
