#include "kernel/fs/terminal.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/fs/file_world.h"
#include "kernel/fs/terminal_world.h"
#include "kernel/posix/ioctl.h"
#include "testing/unit/test.h"

namespace fs {
namespace {

using posix::ControlCharacter;
using posix::Errno;
using posix::Signal;
namespace local = posix::terminal_local;
namespace ioctl = posix::ioctl;

// An argument that points to a structure of the kernel.
template <class T>
class StructureArgument final : public IoctlArgument {
 public:
  explicit StructureArgument(T& structure, uintptr_t value = 0)
      : IoctlArgument(value), structure_(structure) {}
  posix::Result<> Read(std::span<std::byte> to) override {
    if (to.size() != sizeof(T)) return std::unexpected(Errno::kFault);
    std::memcpy(to.data(), &structure_, sizeof(T));
    return {};
  }
  posix::Result<> Write(std::span<const std::byte> from) override {
    if (from.size() != sizeof(T)) return std::unexpected(Errno::kFault);
    std::memcpy(&structure_, from.data(), sizeof(T));
    return {};
  }

 private:
  T& structure_;
};

struct TerminalWorld {
  TerminalWorld() { terminal.OnOpen(0); }
  ~TerminalWorld() { EXPECT_TRUE(terminal.CheckInvariants().has_value()); }

  void Type(std::string_view text) {
    for (const char c : text) {
      terminal.Receive(c);
      EXPECT_TRUE(terminal.CheckInvariants().has_value());
    }
  }
  // "-" when there is nothing, "!" for another error.
  std::string_view Read(size_t most = 64) {
    KernelDestination destination(std::as_writable_bytes(std::span(buffer).first(most)));
    const posix::Result<size_t> count = terminal.Read(destination, Blocking::kNo);
    if (!count) return count.error() == Errno::kAgain ? "-" : "!";
    return {buffer.data(), *count};
  }
  std::optional<Errno> Write(std::string_view text) {
    KernelSource source(BytesOf(text));
    const posix::Result<size_t> count = terminal.Write(source);
    if (!count) return count.error();
    EXPECT_EQ(*count, text.size());
    return std::nullopt;
  }
  template <class T>
  std::optional<Errno> Control(uint32_t request, T& structure, uintptr_t value = 0) {
    StructureArgument argument(structure, value);
    const posix::Result<uintptr_t> result = terminal.Ioctl(request, argument);
    if (!result) return result.error();
    return std::nullopt;
  }
  void Change(auto change) {
    posix::TerminalSettings settings;
    EXPECT_FALSE(Control(ioctl::kGetTerminal, settings).has_value());
    change(settings);
    EXPECT_FALSE(Control(ioctl::kSetTerminal, settings).has_value());
  }
  void MakeRaw(uint8_t minimum, uint8_t time) {
    Change([&](posix::TerminalSettings& settings) {
      settings.local &= ~(local::kCanonical | local::kEcho | local::kSignals | local::kExtended);
      settings.characters[static_cast<size_t>(ControlCharacter::kMinimum)] = minimum;
      settings.characters[static_cast<size_t>(ControlCharacter::kTime)] = time;
    });
  }

  TestEnvironment environment;
  TestScreen screen;
  TestJobs jobs;
  Terminal terminal{screen, jobs, environment};
  std::array<char, 64> buffer;
};

TEST(Terminal, EditsLines) {
  struct Row {
    std::string_view typed;
    std::string_view read;
    std::string_view echoed;
  };
  constexpr Row kRows[] = {
      {"ls\r", "ls\n", "ls\r\n"},
      {"ls\n", "ls\n", "ls\r\n"},
      {"lx\x7fs\r", "ls\n", "lx\b \bs\r\n"},
      {"\x7f\x7fls\r", "ls\n", "ls\r\n"},
      {"wrong\x15ls\r", "ls\n", "wrong\b \b\b \b\b \b\b \b\b \bls\r\n"},
      {"a bc \x17x\r", "a x\n", "a bc \b \b\b \b\b \bx\r\n"},
      {"a\x01\x7f\x62\r", "ab\n", "a^A\b \b\b \bb\r\n"},
      {"a\x16\x03\r", "a\x03\n", "a^C\r\n"},
      {"a\x16\x7f\x7f\r", "a\n", "a^?\b \b\b \b\r\n"},
      {"\xc3\xa4\x7f\r", "\n", "\xc3\xa4\b \b\r\n"},
      {"ab\x12\r", "ab\n", "ab^R\r\nab\r\n"},
      {"\x1b[A\r", "\x1b[A\n", "^[[A\r\n"},
      {"a\tb\r", "a\tb\n", "a\tb\r\n"},
      {"abc\x04", "abc", "abc"},
      {"\x04", "", ""},
  };
  for (const Row& row : kRows) {
    TerminalWorld world;
    world.Type(row.typed.substr(0, row.typed.size() - 1));
    EXPECT_EQ(world.Read(), "-") << row.typed;
    world.Type(row.typed.substr(row.typed.size() - 1));
    EXPECT_EQ(world.Read(), row.read) << row.typed;
    EXPECT_EQ(world.screen.Take(), row.echoed) << row.typed;
    EXPECT_EQ(world.Read(), "-") << row.typed;
  }
}

TEST(Terminal, GivesALineAtATime) {
  TerminalWorld world;
  world.Type("one\ntwo\nthr");
  EXPECT_EQ(world.Read(2), "on");
  EXPECT_EQ(world.Read(), "e\n");
  EXPECT_EQ(world.Read(4), "two\n");
  EXPECT_EQ(world.Read(), "-");
  world.Type("ee\x04");
  EXPECT_EQ(world.Read(5), "three");
  EXPECT_EQ(world.Read(), "-");  // no end of file is left of it
  world.Type("x\x04\x04");
  EXPECT_EQ(world.Read(), "x");
  EXPECT_EQ(world.Read(), "");
}

TEST(Terminal, AFullLineCanStillBeEnded) {
  TerminalWorld world;
  for (size_t i = 0; i < Terminal::kInputCharacters + 10; ++i) world.terminal.Receive('a');
  EXPECT_TRUE(world.screen.Take().ends_with('\a'));
  EXPECT_EQ(world.Read(), "-");
  world.Type("\r");
  size_t bytes = 0;
  std::string_view last;
  for (; (last = world.Read()) != "-"; bytes += last.size()) EXPECT_FALSE(last == "!");
  EXPECT_EQ(bytes, Terminal::kInputCharacters);
}

TEST(Terminal, SendsSignals) {
  struct Row {
    char key;
    Signal signal;
    std::string_view echo;
  };
  constexpr Row kRows[] = {{'\x03', Signal::kInterrupt, "^C"},
                           {'\x1c', Signal::kQuit, "^\\"},
                           {'\x1a', Signal::kTerminalStop, "^Z"}};
  for (const Row& row : kRows) {
    TerminalWorld world;
    world.Type("lost");
    static_cast<void>(world.screen.Take());
    world.terminal.Receive(row.key);
    EXPECT_TRUE(world.jobs.last_signal == row.signal);
    EXPECT_EQ(world.jobs.last_group, 7);
    EXPECT_EQ(world.screen.Take(), row.echo);
    world.Type("\r");
    EXPECT_EQ(world.Read(), "\n");
    // Without ISIG it is a character like any other.
    world.Change([](posix::TerminalSettings& settings) { settings.local &= ~local::kSignals; });
    world.terminal.Receive(row.key);
    EXPECT_EQ(world.jobs.signals, 1);
    world.Type("\r");
    EXPECT_TRUE(world.Read().front() == row.key);
  }
}

TEST(Terminal, RawModeHidesNothing) {
  TerminalWorld world;
  world.Type("ab");
  world.MakeRaw(1, 0);
  static_cast<void>(world.screen.Take());
  EXPECT_EQ(world.Read(), "ab");
  EXPECT_EQ(world.Read(), "-");
  world.Type("\x03\x7f\x04z");
  EXPECT_EQ(world.Read(), "\x03\x7f\x04z");
  EXPECT_EQ(world.screen.Take(), "");
  EXPECT_EQ(world.jobs.signals, 0);
  world.MakeRaw(3, 0);
  world.Type("xy");
  EXPECT_EQ(world.Read(), "-");
  world.Type("z");
  EXPECT_EQ(world.Read(2), "xy");
  world.MakeRaw(0, 0);
  EXPECT_EQ(world.Read(), "z");
  EXPECT_EQ(world.Read(), "");
}

TEST(Terminal, WritesLines) {
  TerminalWorld world;
  EXPECT_FALSE(world.Write("a\nb\r\n").has_value());
  EXPECT_EQ(world.screen.Take(), "a\r\nb\r\r\n");
  world.Change([](posix::TerminalSettings& settings) { settings.output = 0; });
  EXPECT_FALSE(world.Write("a\n").has_value());
  EXPECT_EQ(world.screen.Take(), "a\n");
}

TEST(Terminal, StopsWhoReadsInTheBackground) {
  TerminalWorld world;
  world.jobs.group = 8;
  EXPECT_EQ(world.Read(), "!");
  EXPECT_TRUE(world.jobs.last_signal == Signal::kTerminalInput);
  EXPECT_EQ(world.jobs.last_group, 8);
  EXPECT_FALSE(world.Write("x").has_value());
  world.Change([&](posix::TerminalSettings& settings) {
    settings.local |= local::kStopBackground;
    world.jobs.ignores = true;  // so that the change itself is allowed
  });
  world.jobs.ignores = false;
  EXPECT_TRUE(world.Write("x") == Errno::kRestart);
  EXPECT_TRUE(world.jobs.last_signal == Signal::kTerminalOutput);
  world.jobs.ignores = true;
  const int signals = world.jobs.signals;
  EXPECT_FALSE(world.Write("x").has_value());
  EXPECT_EQ(world.Read(), "!");
  world.jobs.ignores = false;
  world.jobs.orphaned = true;
  EXPECT_TRUE(world.Write("x") == Errno::kInputOutput);
  EXPECT_EQ(world.jobs.signals, signals);
  // Other sessions are nobody's background.
  world.jobs.session = 9;
  EXPECT_EQ(world.Read(), "-");
}

TEST(Terminal, KnowsItsForeground) {
  TerminalWorld world;
  int32_t group = 0;
  EXPECT_FALSE(world.Control(ioctl::kGetForegroundGroup, group).has_value());
  EXPECT_EQ(group, 7);
  group = 8;
  EXPECT_FALSE(world.Control(ioctl::kSetForegroundGroup, group).has_value());
  world.terminal.Receive('\x03');
  EXPECT_EQ(world.jobs.last_group, 8);
  world.jobs.ignores = true;  // as shells do when they come back
  for (const auto& [wanted, error] :
       {std::pair{9, Errno::kNotPermitted}, std::pair{10, Errno::kNoProcess},
        std::pair{-1, Errno::kInvalid}}) {
    group = wanted;
    EXPECT_TRUE(world.Control(ioctl::kSetForegroundGroup, group) == error);
  }
  world.jobs.session = 9;
  EXPECT_TRUE(world.Control(ioctl::kGetForegroundGroup, group) == Errno::kNotTerminal);
  EXPECT_TRUE(world.Control(ioctl::kMakeControlling, group) == Errno::kNotPermitted);
  EXPECT_FALSE(world.Control(ioctl::kMakeControlling, group, 1).has_value());
  EXPECT_EQ(world.terminal.session(), 9);
  world.jobs.session = 7;
  EXPECT_FALSE(world.Control(ioctl::kMakeControlling, group, 1).has_value());
  world.jobs.session = 9;
  world.terminal.EndSession(9);
  EXPECT_EQ(world.terminal.session(), 7);
  world.terminal.EndSession(7);
  EXPECT_TRUE(world.jobs.last_signal == Signal::kContinue);
  EXPECT_EQ(world.terminal.session(), 0);
  EXPECT_FALSE(world.Control(ioctl::kMakeControlling, group).has_value());
  EXPECT_EQ(world.terminal.session(), 9);
}

TEST(Terminal, TellsOfItsWindow) {
  TerminalWorld world;
  posix::WindowSize window = {24, 80, 0, 0};
  EXPECT_FALSE(world.Control(ioctl::kSetWindowSize, window).has_value());
  EXPECT_TRUE(world.jobs.last_signal == Signal::kWindowSize);
  EXPECT_FALSE(world.Control(ioctl::kSetWindowSize, window).has_value());
  EXPECT_EQ(world.jobs.signals, 1);
  window = {};
  EXPECT_FALSE(world.Control(ioctl::kGetWindowSize, window).has_value());
  EXPECT_EQ(window.columns, 80);
}

TEST(Terminal, CountsAndFlushes) {
  TerminalWorld world;
  int32_t count = 0;
  world.Type("one\ntwo\n");
  EXPECT_FALSE(world.Control(ioctl::kBytesToRead, count).has_value());
  EXPECT_EQ(count, 4);
  EXPECT_EQ(world.terminal.ReadyEvents() & posix::poll_event::kIn, posix::poll_event::kIn);
  EXPECT_FALSE(world.Control(ioctl::kFlush, count, 0).has_value());
  EXPECT_EQ(world.Read(), "-");
  EXPECT_EQ(world.terminal.ReadyEvents() & posix::poll_event::kIn, 0);
  EXPECT_TRUE(world.Control(ioctl::kFlush, count, 7) == Errno::kInvalid);
  EXPECT_TRUE(world.Control(0x1234, count) == Errno::kNotTerminal);
  char wrong_size = 0;
  EXPECT_TRUE(world.Control(ioctl::kSetTerminal, wrong_size) == Errno::kFault);
}

}  // namespace
}  // namespace fs
