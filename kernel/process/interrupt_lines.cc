#include "kernel/process/interrupt_lines.h"

#include <algorithm>
#include <bit>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"

namespace process {

using posix::Errno;

InterruptLines::~InterruptLines() {
  for (uint32_t line = 0; line < kMostLines; ++line) {
    if (lines_[line].state != State::kClosed) controller_.Close(line);
  }
}

posix::Result<> InterruptLines::Attach(uint32_t line, Trigger trigger,
                                       const InterruptRoute& route) {
  const bool is_known = trigger == Trigger::kEdge || trigger == Trigger::kLevel;
  const bool is_there = line < std::min(controller_.LineCount(), kMostLines);
  if (!is_known || !is_there || route.handler == 0) return std::unexpected(Errno::kInvalid);
  Line& one = lines_[line];
  if (one.state != State::kClosed && one.trigger != trigger) {
    return std::unexpected(Errno::kInvalid);
  }
  if (std::ranges::contains(one.used(), route)) return std::unexpected(Errno::kExists);
  if (one.route_count == kRoutesPerLine) return std::unexpected(Errno::kNoSpace);
  one.routes[one.route_count++] = route;
  if (one.state != State::kClosed) return {};
  one.state = State::kOpen;
  one.trigger = trigger;
  controller_.Open(line, trigger);
  return {};
}

posix::Result<> InterruptLines::Detach(uint32_t line, const InterruptRoute& route) {
  if (line >= kMostLines) return std::unexpected(Errno::kNoEntry);
  Line& one = lines_[line];
  const auto found = std::ranges::find(one.used(), route);
  if (found == one.used().end()) return std::unexpected(Errno::kNoEntry);
  const auto place = one.routes.begin() + (found - one.used().begin());
  std::shift_left(place, one.routes.begin() + one.route_count, 1);
  one.routes[--one.route_count] = {};
  if (one.route_count > 0) return {};
  one.state = State::kClosed;
  raised_ &= ~base::Bit(line);
  controller_.Close(line);
  return {};
}

void InterruptLines::OnInterrupt(uint32_t line) {
  CHECK(line < kMostLines && lines_[line].state == State::kOpen);
  lines_[line].state = State::kRaised;
  raised_ |= base::Bit(line);
}

std::optional<uint32_t> InterruptLines::TakeRaised() {
  if (raised_ == 0) return std::nullopt;
  const auto line = static_cast<uint32_t>(std::countr_zero(raised_));
  raised_ &= ~base::Bit(line);
  lines_[line].state = State::kSent;
  return line;
}

void InterruptLines::ForgetMessages() {
  for (uint32_t line = 0; line < kMostLines; ++line) {
    if (lines_[line].state != State::kSent) continue;
    lines_[line].state = State::kRaised;
    raised_ |= base::Bit(line);
  }
}

posix::Result<> InterruptLines::Acknowledge(uint32_t line) {
  if (line >= kMostLines || lines_[line].state != State::kSent) {
    return std::unexpected(Errno::kNoEntry);
  }
  lines_[line].state = State::kOpen;
  controller_.Unmask(line);
  return {};
}

const InterruptLines::Routes& InterruptLines::RoutesOf(uint32_t line) const {
  CHECK(line < kMostLines);
  return lines_[line].routes;
}

base::Result<> InterruptLines::CheckInvariants() const {
  bool is_sound = true;
  for (uint32_t line = 0; line < kMostLines; ++line) {
    const Line& one = lines_[line];
    is_sound = is_sound && one.route_count <= kRoutesPerLine &&
               (one.route_count == 0) == (one.state == State::kClosed) &&
               ((raised_ & base::Bit(line)) != 0) == (one.state == State::kRaised);
    for (size_t i = 0; i < kRoutesPerLine; ++i) {
      is_sound = is_sound && (one.routes[i].handler != 0) == (i < one.route_count);
    }
  }
  if (!is_sound) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace process
