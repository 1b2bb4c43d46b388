#include "kernel/fs/terminal.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/posix/ioctl.h"
#include "kernel/sched/deadline.h"

namespace fs {

using posix::ControlCharacter;
using posix::Errno;
using posix::Signal;
namespace input = posix::terminal_input;
namespace output = posix::terminal_output;
namespace local = posix::terminal_local;
namespace poll_event = posix::poll_event;

namespace {

constexpr uint8_t ControlKey(char letter) { return letter & 0x1f; }
constexpr char kBackspace = '\b';
constexpr uint8_t kDelete = 0x7f;
constexpr uint8_t kNone = 0;  // _POSIX_VDISABLE

// As Linux starts a console.
constexpr posix::TerminalSettings kFirstSettings = {
    .input = input::kReturnToNewline | input::kUtf8,
    .output = output::kProcess | output::kNewlineToReturn,
    .control = posix::terminal_control::kBaud115200 | posix::terminal_control::kEightBits |
               posix::terminal_control::kReceive | posix::terminal_control::kHangUpOnClose |
               posix::terminal_control::kLocal,
    .local = local::kSignals | local::kCanonical | local::kEcho | local::kEchoErase |
             local::kEchoKill | local::kEchoControl | local::kEchoKillByErase | local::kExtended,
    .discipline = 0,
    .characters = {ControlKey('C'), ControlKey('\\'), kDelete, ControlKey('U'), ControlKey('D'), 0,
                   1, kNone, ControlKey('Q'), ControlKey('S'), ControlKey('Z'), kNone,
                   ControlKey('R'), ControlKey('O'), ControlKey('W'), ControlKey('V'), kNone},
};

bool IsControl(char c) {
  return static_cast<uint8_t>(c) < ' ' || static_cast<uint8_t>(c) == kDelete;
}
// Of a character of several bytes in UTF-8, all but the first.
bool IsContinuation(uint8_t byte) { return (byte & 0xc0) == 0x80; }

template <class T>
posix::Result<uintptr_t> WriteValue(IoctlArgument& argument, const T& value) {
  TRY(argument.Write(std::as_bytes(std::span(&value, 1))));
  return uintptr_t{0};
}

}  // namespace

Terminal::Terminal(TerminalLine& line, JobControl& jobs, Environment& environment)
    : line_(line), jobs_(jobs), environment_(environment), settings_(kFirstSettings) {}

bool Terminal::IsCharacter(char c, ControlCharacter which) const {
  const uint8_t set = settings_.character(which);
  return set != kNone && set == static_cast<uint8_t>(c);
}

// --- Input --------------------------------------------------------------------------------------

void Terminal::Receive(char c) {
  if ((settings_.input & input::kStrip) != 0) c &= 0x7f;
  if (std::exchange(next_is_literal_, false)) {
    Echo(c);
    Store(static_cast<uint8_t>(c));
    if (!Has(local::kCanonical)) EndLine();
    return;
  }
  if (c == '\r') {
    if ((settings_.input & input::kIgnoreReturn) != 0) return;
    if ((settings_.input & input::kReturnToNewline) != 0) c = '\n';
  } else if (c == '\n' && (settings_.input & input::kNewlineToReturn) != 0) {
    c = '\r';
  }
  if (TakeSignal(c)) return;
  if (!Has(local::kCanonical)) {
    Echo(c);
    Store(static_cast<uint8_t>(c));
    EndLine();
    return;
  }
  if (TakeEditing(c)) return;
  if (IsCharacter(c, ControlCharacter::kEndOfFile)) {
    Store(kDelimiter | kEndOfFile);
    EndLine();
  } else if (IsLineEnd(c)) {
    if (Has(local::kEcho) || (c == '\n' && Has(local::kEchoNewline))) SendProcessed(c);
    Store(kDelimiter | static_cast<uint8_t>(c));
    EndLine();
  } else {
    Echo(c);
    Store(static_cast<uint8_t>(c));
  }
}

bool Terminal::TakeSignal(char c) {
  if (!Has(local::kSignals)) return false;
  std::optional<Signal> signal;
  if (IsCharacter(c, ControlCharacter::kInterrupt)) signal = Signal::kInterrupt;
  if (IsCharacter(c, ControlCharacter::kQuit)) signal = Signal::kQuit;
  if (IsCharacter(c, ControlCharacter::kSuspend)) signal = Signal::kTerminalStop;
  if (!signal) return false;
  Echo(c);
  if (!Has(local::kNoFlush)) FlushInput();
  SignalForeground(*signal);
  return true;
}

bool Terminal::TakeEditing(char c) {
  if (IsCharacter(c, ControlCharacter::kErase)) {
    EraseCharacter();
  } else if (IsCharacter(c, ControlCharacter::kKill)) {
    KillLine();
  } else if (!Has(local::kExtended)) {
    return false;
  } else if (IsCharacter(c, ControlCharacter::kWordErase)) {
    EraseWord();
  } else if (IsCharacter(c, ControlCharacter::kReprint)) {
    Reprint();
  } else if (IsCharacter(c, ControlCharacter::kLiteralNext)) {
    next_is_literal_ = true;
  } else {
    return false;
  }
  return true;
}

bool Terminal::IsLineEnd(char c) const {
  return c == '\n' || IsCharacter(c, ControlCharacter::kEndOfLine) ||
         IsCharacter(c, ControlCharacter::kEndOfLine2);
}

// A full buffer keeps one cell for the end of its line; what comes besides is lost, with a bell.
void Terminal::Store(Cell cell) {
  const size_t used = static_cast<size_t>(written_ - read_);
  const size_t kept = Has(local::kCanonical) && (cell & kDelimiter) == 0 ? 1 : 0;
  if (used + kept >= kInputCharacters) {
    line_.Send('\a');
    return;
  }
  At(written_++) = cell;
}

void Terminal::EndLine() {
  committed_ = written_;
  readable_.WakeAll();
}

void Terminal::FlushInput() { read_ = committed_ = written_; }

// --- Editing and echo
// -----------------------------------------------------------------------------

void Terminal::EraseCharacter() {
  if (written_ == committed_) return;
  auto byte = static_cast<uint8_t>(At(--written_));
  const bool is_utf8 = (settings_.input & input::kUtf8) != 0;
  while (is_utf8 && IsContinuation(byte) && written_ > committed_) {
    byte = static_cast<uint8_t>(At(--written_));
  }
  EraseEcho(static_cast<char>(byte));
}

void Terminal::EraseWord() {
  const auto last_is_space = [this] {
    const auto byte = static_cast<uint8_t>(At(written_ - 1));
    return byte == ' ' || byte == '\t';
  };
  while (written_ > committed_ && last_is_space()) EraseCharacter();
  while (written_ > committed_ && !last_is_space()) EraseCharacter();
}

void Terminal::KillLine() {
  if (Has(local::kEchoKillByErase)) {
    while (written_ > committed_) EraseCharacter();
    return;
  }
  written_ = committed_;
  if (Has(local::kEchoKill) && Has(local::kEcho)) SendProcessed('\n');
}

void Terminal::Reprint() {
  if (!Has(local::kEcho)) return;
  Echo(static_cast<char>(settings_.character(ControlCharacter::kReprint)));
  SendProcessed('\n');
  for (uint64_t at = committed_; at < written_; ++at) Echo(static_cast<char>(At(at)));
}

size_t Terminal::ColumnsOf(char c) const {
  if (!IsControl(c)) return 1;
  return c != '\t' && Has(local::kEchoControl) ? 2 : 1;
}

void Terminal::Echo(char c) {
  if (!Has(local::kEcho)) return;
  if (c == '\n' || c == '\t' || !IsControl(c) || !Has(local::kEchoControl)) return SendProcessed(c);
  constexpr char kCaret = '^';
  constexpr uint8_t kLetter = 0x40;  // ^C is 3, C is 0x43; DEL shows as ^?
  SendProcessed(kCaret);
  SendProcessed(static_cast<char>(static_cast<uint8_t>(c) ^ kLetter));
}

void Terminal::EraseEcho(char c) {
  if (!Has(local::kEcho)) return;
  if (!Has(local::kEchoErase)) {
    Echo(static_cast<char>(settings_.character(ControlCharacter::kErase)));
    return;
  }
  for (size_t column = 0; column < ColumnsOf(c); ++column) {
    for (const char sent : {kBackspace, ' ', kBackspace}) line_.Send(sent);
  }
}

void Terminal::SendProcessed(char c) {
  if ((settings_.output & output::kProcess) != 0) {
    if (c == '\n' && (settings_.output & output::kNewlineToReturn) != 0) line_.Send('\r');
    if (c == '\r' && (settings_.output & output::kReturnToNewline) != 0) c = '\n';
  }
  line_.Send(c);
}

// --- Reading and writing
// --------------------------------------------------------------------------

bool Terminal::IsReady() const {
  if (Has(local::kCanonical)) return readable() > 0;
  const size_t minimum = settings_.character(ControlCharacter::kMinimum);
  const bool has_timer = settings_.character(ControlCharacter::kTime) != 0;
  // With a timer, VMIN is how many are waited for between two, and one will do to begin with.
  return readable() >= (has_timer ? std::min<size_t>(minimum, 1) : minimum);
}

// Until IsReady(), or until VTIME is over, after which there may be nothing.
posix::Result<> Terminal::WaitForInput(Blocking blocking) {
  constexpr uint64_t kTimeUnit = 100'000'000;  // VTIME counts tenths of a second
  const size_t minimum = settings_.character(ControlCharacter::kMinimum);
  const uint64_t time = kTimeUnit * settings_.character(ControlCharacter::kTime);
  sched::Deadline deadline = sched::Deadline::Never();
  if (!Has(local::kCanonical) && minimum == 0) {
    if (time == 0 || readable() > 0) return {};
    deadline = sched::Deadline::After(environment_.MonotonicNanoseconds(), time);
  }
  while (!IsReady() || (!deadline.IsNever() && readable() == 0)) {
    if (blocking == Blocking::kNo) return std::unexpected(Errno::kAgain);
    const sched::WaitResult result = readable_.Wait(deadline);
    if (result == sched::WaitResult::kInterrupted) return std::unexpected(Errno::kRestart);
    if (result == sched::WaitResult::kTimedOut) return {};
  }
  // Then more may follow, each within the time.
  while (!Has(local::kCanonical) && time != 0 && readable() < minimum &&
         blocking == Blocking::kYes) {
    deadline = sched::Deadline::After(environment_.MonotonicNanoseconds(), time);
    if (readable_.Wait(deadline) != sched::WaitResult::kWoken) break;
  }
  return {};
}

posix::Result<size_t> Terminal::Read(Destination& destination, Blocking blocking) {
  TRY(CheckForeground(Signal::kTerminalInput));
  if (destination.left() == 0) return size_t{0};
  TRY(WaitForInput(blocking));
  return Has(local::kCanonical) ? TakeLine(destination) : TakeRaw(destination);
}

posix::Result<size_t> Terminal::TakeLine(Destination& destination) {
  size_t done = 0;
  while (readable() > 0 && destination.left() > 0) {
    const Cell cell = At(read_);
    if ((cell & kEndOfFile) == 0) {
      const auto byte = static_cast<std::byte>(cell);
      if (destination.Put(std::span(&byte, 1)) == 0) return MovedOrFault(done);
      ++done;
    }
    ++read_;
    if ((cell & kDelimiter) != 0) return done;
  }
  // A line that just fits leaves no end of file behind it.
  if (readable() > 0 && (At(read_) & kEndOfFile) != 0) ++read_;
  return done;
}

posix::Result<size_t> Terminal::TakeRaw(Destination& destination) {
  size_t done = 0;
  while (readable() > 0 && destination.left() > 0) {
    const Cell cell = At(read_);
    if ((cell & kEndOfFile) == 0) {
      const auto byte = static_cast<std::byte>(cell);
      if (destination.Put(std::span(&byte, 1)) == 0) return MovedOrFault(done);
      ++done;
    }
    ++read_;
  }
  return done;
}

posix::Result<size_t> Terminal::Write(Source& source) {
  if (Has(local::kStopBackground)) {
    TRY(CheckForeground(Signal::kTerminalOutput));
  }
  constexpr size_t kPiece = 128;
  std::array<std::byte, kPiece> piece;
  size_t done = 0;
  while (source.left() > 0) {
    const size_t wanted = std::min(kPiece, source.left());
    const size_t taken = source.Take(std::span(piece).first(wanted));
    for (const std::byte byte : std::span(piece).first(taken)) {
      SendProcessed(static_cast<char>(byte));
    }
    done += taken;
    if (taken < wanted) return MovedOrFault(done);
  }
  return done;
}

uint16_t Terminal::ReadyEvents() const {
  uint16_t events = poll_event::kOut | poll_event::kWriteNormal;
  if (Has(local::kCanonical) ? IsReady() : readable() > 0) {
    events |= poll_event::kIn | poll_event::kReadNormal;
  }
  return events;
}

// --- Job control
// ----------------------------------------------------------------------------------

bool Terminal::IsInBackground() const {
  return session_ != 0 && jobs_.CurrentSession() == session_ && foreground_group_ != 0 &&
         jobs_.CurrentGroup() != foreground_group_;
}

posix::Result<> Terminal::CheckForeground(posix::Signal signal) {
  if (!IsInBackground()) return {};
  const int32_t group = jobs_.CurrentGroup();
  const bool reads = signal == Signal::kTerminalInput;
  if (jobs_.CurrentIgnores(signal)) {
    if (reads) return std::unexpected(Errno::kInputOutput);
    return {};
  }
  if (jobs_.IsOrphaned(group)) return std::unexpected(Errno::kInputOutput);
  jobs_.SignalGroup(group, signal);
  return std::unexpected(Errno::kRestart);
}

void Terminal::SignalForeground(posix::Signal signal) {
  if (foreground_group_ != 0) jobs_.SignalGroup(foreground_group_, signal);
}

void Terminal::OnOpen(uint32_t flags) {
  if ((flags & posix::open_flag::kNoControllingTerminal) != 0) return;
  if (session_ != 0 || !jobs_.CurrentLeadsSession()) return;
  session_ = jobs_.CurrentSession();
  foreground_group_ = jobs_.CurrentGroup();
}

void Terminal::EndSession(int32_t session) {
  if (session == 0 || session != session_) return;
  SignalForeground(Signal::kHangUp);
  SignalForeground(Signal::kContinue);
  session_ = 0;
  foreground_group_ = 0;
}

// --- ioctl
// ----------------------------------------------------------------------------------------

posix::Result<> Terminal::SetSettings(IoctlArgument& argument) {
  TRY(CheckForeground(Signal::kTerminalOutput));
  posix::TerminalSettings settings;
  TRY(argument.Read(std::as_writable_bytes(std::span(&settings, 1))));
  const bool was_canonical = Has(local::kCanonical);
  settings_ = settings;
  // What was typed of a line becomes readable when lines are no more.
  if (was_canonical && !Has(local::kCanonical)) EndLine();
  return {};
}

posix::Result<> Terminal::SetWindowSize(IoctlArgument& argument) {
  posix::WindowSize window;
  TRY(argument.Read(std::as_writable_bytes(std::span(&window, 1))));
  if (window == window_) return {};
  window_ = window;
  SignalForeground(Signal::kWindowSize);
  return {};
}

posix::Result<> Terminal::SetForegroundGroup(IoctlArgument& argument) {
  if (session_ == 0 || jobs_.CurrentSession() != session_) {
    return std::unexpected(Errno::kNotTerminal);
  }
  TRY(CheckForeground(Signal::kTerminalOutput));
  int32_t group = 0;
  TRY(argument.Read(std::as_writable_bytes(std::span(&group, 1))));
  if (group < 0) return std::unexpected(Errno::kInvalid);
  const int32_t session = jobs_.SessionOf(group);
  if (session == 0) return std::unexpected(Errno::kNoProcess);
  if (session != session_) return std::unexpected(Errno::kNotPermitted);
  foreground_group_ = group;
  return {};
}

// With the argument 1, root takes it from another session.
posix::Result<> Terminal::MakeControlling(const IoctlArgument& argument) {
  constexpr uintptr_t kSteal = 1;
  if (!jobs_.CurrentLeadsSession()) return std::unexpected(Errno::kNotPermitted);
  const int32_t session = jobs_.CurrentSession();
  if (session_ == session) return {};
  if (session_ != 0 && argument.value() != kSteal) return std::unexpected(Errno::kNotPermitted);
  session_ = session;
  foreground_group_ = jobs_.CurrentGroup();
  return {};
}

// What a read now would get at most.
size_t Terminal::CountReadable() const {
  size_t count = 0;
  for (uint64_t at = read_; at < committed_; ++at) {
    const Cell cell = input_[at % kInputCharacters];
    if ((cell & kEndOfFile) == 0) ++count;
    if (Has(local::kCanonical) && (cell & kDelimiter) != 0) break;
  }
  return count;
}

posix::Result<uintptr_t> Terminal::Ioctl(uint32_t request, IoctlArgument& argument) {
  namespace ioctl = posix::ioctl;
  switch (request) {
    case ioctl::kGetTerminal:
      return WriteValue(argument, settings_);
    case ioctl::kSetTerminalFlushed:
      TRY(SetSettings(argument));
      FlushInput();
      return uintptr_t{0};
    case ioctl::kSetTerminal:
    case ioctl::kSetTerminalDrained:  // output is always with the line already
      TRY(SetSettings(argument));
      return uintptr_t{0};
    case ioctl::kFlush: {
      constexpr uintptr_t kInput = 0;
      constexpr uintptr_t kBoth = 2;
      if (argument.value() > kBoth) return std::unexpected(Errno::kInvalid);
      if (argument.value() == kInput || argument.value() == kBoth) FlushInput();
      return uintptr_t{0};
    }
    case ioctl::kSendBreak:
    case ioctl::kFlowControl:
      return uintptr_t{0};
    case ioctl::kGetWindowSize:
      return WriteValue(argument, window_);
    case ioctl::kSetWindowSize:
      TRY(SetWindowSize(argument));
      return uintptr_t{0};
    case ioctl::kGetForegroundGroup:
      if (jobs_.CurrentSession() != session_) return std::unexpected(Errno::kNotTerminal);
      return WriteValue(argument, foreground_group_);
    case ioctl::kSetForegroundGroup:
      TRY(SetForegroundGroup(argument));
      return uintptr_t{0};
    case ioctl::kGetSession:
      if (jobs_.CurrentSession() != session_) return std::unexpected(Errno::kNotTerminal);
      return WriteValue(argument, session_);
    case ioctl::kMakeControlling:
      TRY(MakeControlling(argument));
      return uintptr_t{0};
    case ioctl::kGiveUpControlling:
      if (jobs_.CurrentSession() != session_) return std::unexpected(Errno::kNotTerminal);
      if (jobs_.CurrentLeadsSession()) EndSession(session_);
      return uintptr_t{0};
    case ioctl::kBytesToWrite:
      return WriteValue(argument, int32_t{0});
    case ioctl::kBytesToRead:
      return WriteValue(argument, static_cast<int32_t>(CountReadable()));
    default:
      return std::unexpected(Errno::kNotTerminal);
  }
}

base::Result<> Terminal::CheckInvariants() const {
  const bool sound = read_ <= committed_ && committed_ <= written_ &&
                     written_ - read_ <= kInputCharacters &&
                     (Has(local::kCanonical) || committed_ == written_);
  if (!sound) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace fs
