// Which devices' interrupt lines the system process has, with whose handlers, and which of them
// wait for an acknowledgement. Portable; not locked; takes no memory.
//
// A line that interrupts stays masked until it is acknowledged, and so has one message on its way
// at most: however often a device interrupts, nothing piles up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/posix/errno.h"

namespace process {

// As programs number it.
enum class Trigger : uint32_t { kEdge = 0, kLevel = 1 };

// The machine's interrupt controller: lines from 0 on. See arch/ops/interrupt_lines.h.
class InterruptController {
 public:
  [[nodiscard]] virtual size_t LineCount() const = 0;
  // Of a closed line: it may interrupt.
  virtual void Open(uint32_t line, Trigger trigger) = 0;
  virtual void Close(uint32_t line) = 0;
  // Of one that has interrupted. It may do so again before this returns.
  virtual void Unmask(uint32_t line) = 0;

 protected:
  InterruptController() = default;
  ~InterruptController() = default;
  InterruptController(const InterruptController&) = default;
  InterruptController& operator=(const InterruptController&) = default;
};

// A handler, as the routing table has it: addresses of the system process, which mean nothing here.
struct InterruptRoute {
  uintptr_t handler = 0;
  uintptr_t device = 0;

  friend constexpr bool operator==(const InterruptRoute&, const InterruptRoute&) = default;
};

class InterruptLines {
 public:
  static constexpr size_t kRoutesPerLine = 8;
  // As many as the routing table, a page, has room for.
  static constexpr size_t kMostLines = mm::kPageSize / (kRoutesPerLine * sizeof(InterruptRoute));
  static_assert(kMostLines <= 64);
  using Routes = std::array<InterruptRoute, kRoutesPerLine>;

  // `controller` outlives this.
  explicit InterruptLines(InterruptController& controller) : controller_(controller) {}
  InterruptLines(const InterruptLines&) = delete;
  InterruptLines& operator=(const InterruptLines&) = delete;
  // No line interrupts any more.
  ~InterruptLines();

  // One handler more; the first one opens the line. Errors: kInvalid (no such line, no handler,
  // another trigger than the line has), kExists, kNoSpace.
  [[nodiscard]] posix::Result<> Attach(uint32_t line, Trigger trigger, const InterruptRoute& route);
  // The last one closes it. Error: kNoEntry.
  [[nodiscard]] posix::Result<> Detach(uint32_t line, const InterruptRoute& route);

  // An open line has interrupted, and is masked.
  void OnInterrupt(uint32_t line);
  // A line that has, and of which no message was sent: from now on one was.
  [[nodiscard]] std::optional<uint32_t> TakeRaised();
  // Who got the messages is no more; what he did not acknowledge is to be told again.
  void ForgetMessages();
  // The message has been dealt with: the line may interrupt. Error: kNoEntry (none was sent).
  [[nodiscard]] posix::Result<> Acknowledge(uint32_t line);

  // In the order in which they came; behind them routes without a handler. CHECKed: a line of the
  // table.
  [[nodiscard]] const Routes& RoutesOf(uint32_t line) const;
  // Of any line.
  [[nodiscard]] size_t HandlerCount(uint32_t line) const {
    return line < kMostLines ? lines_[line].route_count : 0;
  }

  // Error: kCorrupt.
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  enum class State : uint8_t {
    kClosed,
    kOpen,
    kRaised,  // masked; nobody has been told
    kSent,    // masked, until it is acknowledged
  };

  struct Line {
    State state = State::kClosed;
    Trigger trigger = Trigger::kEdge;
    uint8_t route_count = 0;
    Routes routes{};

    [[nodiscard]] std::span<const InterruptRoute> used() const {
      return std::span(routes).first(route_count);
    }
  };

  InterruptController& controller_;
  std::array<Line, kMostLines> lines_{};
  uint64_t raised_ = 0;  // a bit for each line
};

}  // namespace process
