// Signals of the Linux interface: numbers (asm-generic/signal.h, the same on both architectures),
// sets, and the structures that programs pass. Structures are templates of the machine's word, so
// that the host checks both machines'.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace posix {

enum class Signal : uint8_t {
  kHangUp = 1,
  kInterrupt = 2,
  kQuit = 3,
  kIllegal = 4,
  kTrap = 5,
  kAbort = 6,
  kBus = 7,
  kFloatingPoint = 8,
  kKill = 9,
  kUser1 = 10,
  kSegmentationFault = 11,
  kUser2 = 12,
  kPipe = 13,
  kAlarm = 14,
  kTerminate = 15,
  kStackFault = 16,
  kChild = 17,
  kContinue = 18,
  kStop = 19,
  kTerminalStop = 20,
  kTerminalInput = 21,
  kTerminalOutput = 22,
  kUrgent = 23,
  kCpuLimit = 24,
  kFileSizeLimit = 25,
  kVirtualAlarm = 26,
  kProfile = 27,
  kWindowSize = 28,
  kInputOutput = 29,
  kPower = 30,
  kBadSystemCall = 31,
  kFirstRealTime = 32,
  kLast = 64,
};

inline constexpr unsigned kSignalCount = 64;

[[nodiscard]] constexpr unsigned NumberOf(Signal signal) { return static_cast<unsigned>(signal); }

// Nothing for what is no signal, 0 included.
[[nodiscard]] constexpr std::optional<Signal> SignalOf(unsigned number) {
  if (number == 0 || number > kSignalCount) return std::nullopt;
  return static_cast<Signal>(number);
}

[[nodiscard]] constexpr bool IsRealTime(Signal signal) { return signal >= Signal::kFirstRealTime; }

// A set of signals as programs pass it: bit n - 1 is signal n.
class SignalSet {
 public:
  constexpr SignalSet() = default;
  constexpr explicit SignalSet(uint64_t bits) : bits_(bits) {}
  template <class... Signals>
  [[nodiscard]] static constexpr SignalSet Of(Signals... signals) {
    return SignalSet((BitOf(signals) | ... | 0));
  }

  [[nodiscard]] constexpr uint64_t bits() const { return bits_; }
  [[nodiscard]] constexpr bool IsEmpty() const { return bits_ == 0; }
  [[nodiscard]] constexpr bool Has(Signal signal) const { return (bits_ & BitOf(signal)) != 0; }
  constexpr void Add(Signal signal) { bits_ |= BitOf(signal); }
  constexpr void Remove(Signal signal) { bits_ &= ~BitOf(signal); }

  // The one with the lowest number; not of an empty set.
  [[nodiscard]] constexpr Signal first() const {
    return static_cast<Signal>(std::countr_zero(bits_) + 1);
  }

  friend constexpr SignalSet operator|(SignalSet left, SignalSet right) {
    return SignalSet(left.bits_ | right.bits_);
  }
  friend constexpr SignalSet operator&(SignalSet left, SignalSet right) {
    return SignalSet(left.bits_ & right.bits_);
  }
  // Those of `left` that are not in `right`.
  [[nodiscard]] friend constexpr SignalSet Without(SignalSet left, SignalSet right) {
    return SignalSet(left.bits_ & ~right.bits_);
  }
  friend constexpr bool operator==(const SignalSet&, const SignalSet&) = default;

 private:
  [[nodiscard]] static constexpr uint64_t BitOf(Signal signal) {
    return uint64_t{1} << (NumberOf(signal) - 1);
  }

  uint64_t bits_ = 0;
};

// Neither can be blocked, ignored or handled.
inline constexpr SignalSet kUnblockable = SignalSet::Of(Signal::kKill, Signal::kStop);
// Those that stop a process unless it says otherwise.
inline constexpr SignalSet kStopping = SignalSet::Of(
    Signal::kStop, Signal::kTerminalStop, Signal::kTerminalInput, Signal::kTerminalOutput);
// What an instruction of the program itself causes; delivered before all others.
inline constexpr SignalSet kSynchronous =
    SignalSet::Of(Signal::kSegmentationFault, Signal::kBus, Signal::kIllegal, Signal::kTrap,
                  Signal::kFloatingPoint, Signal::kBadSystemCall);

// What happens when no handler is installed.
enum class DefaultAction : uint8_t { kTerminate, kIgnore, kStop, kContinue };

[[nodiscard]] constexpr DefaultAction DefaultActionOf(Signal signal) {
  if (kStopping.Has(signal)) return DefaultAction::kStop;
  if (signal == Signal::kContinue) return DefaultAction::kContinue;
  constexpr auto kIgnored = SignalSet::Of(Signal::kChild, Signal::kUrgent, Signal::kWindowSize);
  return kIgnored.Has(signal) ? DefaultAction::kIgnore : DefaultAction::kTerminate;
}

// sigaction's flags, asm-generic/signal-defs.h.
enum class ActionFlag : uint32_t {
  kNoChildStop = 0x1,                 // SA_NOCLDSTOP
  kNoChildWait = 0x2,                 // SA_NOCLDWAIT
  kInformation = 0x4,                 // SA_SIGINFO
  kRestorer = 0x0400'0000,            // SA_RESTORER
  kOnStack = 0x0800'0000,             // SA_ONSTACK
  kRestart = 0x1000'0000,             // SA_RESTART
  kNoDefer = uint32_t{1} << 30,       // SA_NODEFER
  kResetHandler = uint32_t{1} << 31,  // SA_RESETHAND
};

// Handlers that are none.
inline constexpr uintptr_t kDefaultHandler = 0;  // SIG_DFL
inline constexpr uintptr_t kIgnoreHandler = 1;   // SIG_IGN

// struct sigaction of rt_sigaction, with a restorer on both architectures.
template <class Word>
struct SignalActionOf {
  Word handler = kDefaultHandler;
  Word flags = 0;
  Word restorer = 0;
  uint32_t mask_low = 0;
  uint32_t mask_high = 0;

  [[nodiscard]] constexpr SignalSet mask() const {
    return SignalSet(uint64_t{mask_high} << 32 | mask_low);
  }
  constexpr void SetMask(SignalSet set) {
    mask_low = static_cast<uint32_t>(set.bits());
    mask_high = static_cast<uint32_t>(set.bits() >> 32);
  }
  [[nodiscard]] constexpr bool Has(ActionFlag flag) const {
    return (flags & static_cast<Word>(flag)) != 0;
  }
};
using SignalAction = SignalActionOf<uintptr_t>;
static_assert(sizeof(SignalActionOf<uint64_t>) == 32 && sizeof(SignalActionOf<uint32_t>) == 20);

// si_code: why a signal came, asm-generic/siginfo.h.
enum class SignalCode : int32_t {
  kUser = 0,         // SI_USER: kill
  kKernel = 0x80,    // SI_KERNEL
  kQueue = -1,       // SI_QUEUE: sigqueue
  kTimer = -2,       // SI_TIMER
  kMessage = -3,     // SI_MESGQ
  kThreadKill = -6,  // SI_TKILL: tgkill
  // Of SIGSEGV.
  kMapError = 1,     // SEGV_MAPERR
  kAccessError = 2,  // SEGV_ACCERR
  // Of SIGBUS.
  kAlignment = 1,  // BUS_ADRALN
  kNoAddress = 2,  // BUS_ADRERR
  // Of SIGILL.
  kIllegalOpcode = 1,     // ILL_ILLOPC
  kPrivilegedOpcode = 5,  // ILL_PRVOPC
  // Of SIGFPE.
  kIntegerDivide = 1,     // FPE_INTDIV
  kIntegerOverflow = 2,   // FPE_INTOVF
  kInvalidOperation = 7,  // FPE_FLTINV
  // Of SIGTRAP.
  kBreakpoint = 1,  // TRAP_BRKPT
  // Of SIGCHLD.
  kExited = 1,     // CLD_EXITED
  kKilled = 2,     // CLD_KILLED
  kStopped = 5,    // CLD_STOPPED
  kContinued = 6,  // CLD_CONTINUED
};

// siginfo_t: 128 bytes, of which a union begins at the first multiple of the word size behind three
// numbers. `Words` names the fields of the union that the kernel fills.
inline constexpr size_t kSignalInformationBytes = 128;

template <class Word>
struct SignalInformationOf {
  struct ByProcess {  // kill, tgkill, sigqueue; SIGCHLD continues behind `user`
    int32_t process;
    uint32_t user;
    Word value;  // of sigqueue; of SIGCHLD, the status in its first half
  };
  struct ByTimer {
    int32_t timer;
    int32_t overrun;
    Word value;
  };
  struct ByFault {
    Word address;
  };

  int32_t signal;
  int32_t error;
  int32_t code;
  union alignas(Word) {
    ByProcess process;
    ByTimer timer;
    ByFault fault;
    std::byte bytes[kSignalInformationBytes - (sizeof(Word) == 8 ? 16 : 12)];
  };
};
using SignalInformation = SignalInformationOf<uintptr_t>;
static_assert(sizeof(SignalInformationOf<uint64_t>) == kSignalInformationBytes);
static_assert(sizeof(SignalInformationOf<uint32_t>) == kSignalInformationBytes);

// struct sigevent: how somebody wants to hear of something, asm-generic/siginfo.h.
enum class EventKind : int32_t {
  kSignal = 0,    // SIGEV_SIGNAL
  kNone = 1,      // SIGEV_NONE
  kThread = 2,    // SIGEV_THREAD: the C library's own affair
  kThreadId = 4,  // SIGEV_THREAD_ID: a signal for one thread
};

inline constexpr size_t kSignalEventBytes = 64;

template <class Word>
struct SignalEventOf {
  Word value;
  uint32_t signal;
  EventKind kind;
  int32_t thread;  // of kThreadId
  std::byte unused[kSignalEventBytes - sizeof(Word) - 3 * sizeof(int32_t)];
};
using SignalEvent = SignalEventOf<uintptr_t>;
static_assert(sizeof(SignalEventOf<uint64_t>) == kSignalEventBytes);
static_assert(sizeof(SignalEventOf<uint32_t>) == kSignalEventBytes);

// stack_t of sigaltstack.
template <class Word>
struct SignalStackOf {
  static constexpr uint32_t kOnStack = 1;                     // SS_ONSTACK
  static constexpr uint32_t kDisable = 2;                     // SS_DISABLE
  static constexpr uint32_t kAutoDisarm = uint32_t{1} << 31;  // SS_AUTODISARM

  Word base = 0;
  Word flags = kDisable;  // an int; what follows it up to the next word is padding
  Word size = 0;
};
using SignalStack = SignalStackOf<uintptr_t>;
static_assert(sizeof(SignalStackOf<uint64_t>) == 24 && sizeof(SignalStackOf<uint32_t>) == 12);

}  // namespace posix
