// The command line.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "tools/layoutcheck/gdb_guest.h"
#include "tools/layoutcheck/stream_socket.h"

namespace layoutcheck {

struct Options {
  enum class Task : uint8_t { kCheck, kList, kHelp };
  enum class Form : uint8_t { kText, kJson };
  enum class Link : uint8_t { kGdb, kMonitor };

  Task task = Task::kCheck;
  Form form = Form::kText;
  Link link = Link::kGdb;
  std::string address;    // of the link
  std::string layout;     // a path
  std::string image;      // likewise; empty if it is not known
  std::string processes;  // likewise; empty: those of the processor's registers
  unsigned cpu = 0;
  Milliseconds patience{10'000};
  Afterwards afterwards = Afterwards::kResume;
};

// The error is for the user.
[[nodiscard]] std::expected<Options, std::string> ReadOptions(
    std::span<const std::string_view> arguments);

[[nodiscard]] std::string_view HelpText();

}  // namespace layoutcheck
