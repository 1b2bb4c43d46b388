// Requests of ioctl() that the kernel knows (include/uapi/asm-generic/ioctls.h, the same on both
// architectures).
#pragma once

#include <cstdint>

namespace posix::ioctl {

inline constexpr uint32_t kGetTerminal = 0x5401;         // TCGETS
inline constexpr uint32_t kSetTerminal = 0x5402;         // TCSETS
inline constexpr uint32_t kSetTerminalDrained = 0x5403;  // TCSETSW
inline constexpr uint32_t kSetTerminalFlushed = 0x5404;  // TCSETSF
inline constexpr uint32_t kSendBreak = 0x5409;           // TCSBRK; with 1 it is tcdrain()
inline constexpr uint32_t kFlowControl = 0x540a;         // TCXONC
inline constexpr uint32_t kFlush = 0x540b;               // TCFLSH
inline constexpr uint32_t kMakeControlling = 0x540e;     // TIOCSCTTY
inline constexpr uint32_t kGetForegroundGroup = 0x540f;  // TIOCGPGRP
inline constexpr uint32_t kSetForegroundGroup = 0x5410;  // TIOCSPGRP
inline constexpr uint32_t kBytesToWrite = 0x5411;        // TIOCOUTQ
inline constexpr uint32_t kGetWindowSize = 0x5413;       // TIOCGWINSZ
inline constexpr uint32_t kSetWindowSize = 0x5414;       // TIOCSWINSZ
inline constexpr uint32_t kBytesToRead = 0x541b;         // FIONREAD
inline constexpr uint32_t kSetNonBlocking = 0x5421;      // FIONBIO
inline constexpr uint32_t kGiveUpControlling = 0x5422;   // TIOCNOTTY
inline constexpr uint32_t kGetSession = 0x5429;          // TIOCGSID
inline constexpr uint32_t kGetDiskReadOnly = 0x125e;     // BLKROGET
inline constexpr uint32_t kGetDiskSectors = 0x1260;      // BLKGETSIZE: of 512 bytes
inline constexpr uint32_t kGetSectorBytes = 0x1268;      // BLKSSZGET
// BLKGETSIZE64: its number has the size of a pointer in it, though what it fills has 64 bits.
inline constexpr uint32_t kGetDiskBytes = 0x8000'1272 | sizeof(uintptr_t) << 16;
inline constexpr uint32_t kClearCloseOnExec = 0x5450;  // FIONCLEX
inline constexpr uint32_t kSetCloseOnExec = 0x5451;    // FIOCLEX

}  // namespace posix::ioctl
