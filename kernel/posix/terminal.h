// A terminal's settings (include/uapi/asm-generic/termbits.h and termios.h, the same on both
// architectures).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace posix {

enum class ControlCharacter : uint8_t {
  kInterrupt,  // VINTR
  kQuit,
  kErase,
  kKill,
  kEndOfFile,
  kTime,
  kMinimum,
  kSwitch,
  kStart,
  kStop,
  kSuspend,
  kEndOfLine,
  kReprint,
  kDiscard,
  kWordErase,
  kLiteralNext,
  kEndOfLine2,
};

// What TCGETS and TCSETS carry: struct termios of the kernel, not the C library's.
struct TerminalSettings {
  static constexpr size_t kCharacters = 19;

  uint32_t input;
  uint32_t output;
  uint32_t control;
  uint32_t local;
  uint8_t discipline;
  std::array<uint8_t, kCharacters> characters;

  [[nodiscard]] constexpr uint8_t character(ControlCharacter which) const {
    return characters[static_cast<size_t>(which)];
  }
};
static_assert(sizeof(TerminalSettings) == 36);
static_assert(offsetof(TerminalSettings, characters) == 17);

namespace terminal_input {
inline constexpr uint32_t kIgnoreReturn = 0200;     // IGNCR
inline constexpr uint32_t kReturnToNewline = 0400;  // ICRNL
inline constexpr uint32_t kNewlineToReturn = 0100;  // INLCR
inline constexpr uint32_t kStrip = 040;             // ISTRIP
inline constexpr uint32_t kOutputControl = 02000;   // IXON
inline constexpr uint32_t kUtf8 = 040000;           // IUTF8
}  // namespace terminal_input

namespace terminal_output {
inline constexpr uint32_t kProcess = 01;           // OPOST
inline constexpr uint32_t kNewlineToReturn = 04;   // ONLCR
inline constexpr uint32_t kReturnToNewline = 010;  // OCRNL
}  // namespace terminal_output

namespace terminal_control {
inline constexpr uint32_t kBaud115200 = 010002;
inline constexpr uint32_t kEightBits = 060;        // CS8
inline constexpr uint32_t kReceive = 0200;         // CREAD
inline constexpr uint32_t kHangUpOnClose = 02000;  // HUPCL
inline constexpr uint32_t kLocal = 04000;          // CLOCAL
}  // namespace terminal_control

namespace terminal_local {
inline constexpr uint32_t kSignals = 01;             // ISIG
inline constexpr uint32_t kCanonical = 02;           // ICANON
inline constexpr uint32_t kEcho = 010;               // ECHO
inline constexpr uint32_t kEchoErase = 020;          // ECHOE
inline constexpr uint32_t kEchoKill = 040;           // ECHOK
inline constexpr uint32_t kEchoNewline = 0100;       // ECHONL
inline constexpr uint32_t kNoFlush = 0200;           // NOFLSH
inline constexpr uint32_t kStopBackground = 0400;    // TOSTOP
inline constexpr uint32_t kEchoControl = 01000;      // ECHOCTL
inline constexpr uint32_t kEchoKillByErase = 04000;  // ECHOKE
inline constexpr uint32_t kExtended = 0100000;       // IEXTEN
}  // namespace terminal_local

struct WindowSize {
  uint16_t rows;
  uint16_t columns;
  uint16_t width_pixels;
  uint16_t height_pixels;
  friend constexpr bool operator==(const WindowSize&, const WindowSize&) = default;
};
static_assert(sizeof(WindowSize) == 8);

}  // namespace posix
