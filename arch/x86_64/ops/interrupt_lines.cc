#include "arch/ops/interrupt_lines.h"

#include <algorithm>
#include <array>
#include <utility>

#include "arch/ops/console.h"
#include "arch/ops/io_apic.h"
#include "arch/ops/local_apic.h"
#include "arch/ops/vectors.h"
#include "arch/x86_64/devices/apic.h"
#include "arch/x86_64/devices/devices.h"
#include "kernel/base/check.h"
#include "kernel/sched/traps.h"

namespace arch {
namespace {

using namespace arch::x86_64;

// An I/O APIC forgets an edge that comes while it masks the input. So a line with edges is masked
// in name only, until one comes all the same: that one is remembered, and stops the rest.
struct Line {
  IoApicEntry entry;
  bool is_open;
  bool is_masked;  // no interrupt is handed on
  bool is_closed_at_controller;
  bool is_late;  // one has come meanwhile
};

constinit std::array<Line, kLineVectorCount> lines{};
constinit std::array<uint32_t, kLineVectorCount> counts{};

bool HasEdges(const Line& line) { return (line.entry.low & kLevelTriggered) == 0; }

Line& OpenLineOf(uint32_t line) {
  CHECK(line < lines.size() && lines[line].is_open);
  return lines[line];
}

void CloseAtController(uint32_t number, Line& line) {
  line.is_closed_at_controller = true;
  WriteEntryMask(number, Masked(line.entry));
}

void HandOn(uint32_t number, Line& line) {
  line.is_masked = true;
  if (!HasEdges(line)) CloseAtController(number, line);
  EndOfInterrupt();
  kernel_trap_handlers.on_interrupt(number);
}

}  // namespace

base::Result<> StartInterruptLines(DeviceMapper* map_device) {
  if (const auto started = StartIoApic(map_device); !started) return started;
  RouteIsaInterrupt(kSerialInterrupt, kConsoleVector);
  StartConsoleInterrupt();
  return {};
}

size_t InterruptLineCount() { return std::min<size_t>(InputCount(), lines.size()); }

void OpenLine(uint32_t line, InterruptTrigger trigger) {
  CHECK(line < InterruptLineCount() && !lines[line].is_open);
  const auto vector = static_cast<uint8_t>(kFirstLineVector + line);
  const IoApicEntry entry = trigger == InterruptTrigger::kLevel
                                ? LevelInterrupt(vector, LocalApicNumber())
                                : IsaInterrupt(vector, LocalApicNumber());
  lines[line] = {.entry = entry,
                 .is_open = true,
                 .is_masked = false,
                 .is_closed_at_controller = false,
                 .is_late = false};
  WriteEntry(line, entry);
}

// Masked, it has the trigger that it had: QEMU follows a level only where the entry says that there
// is one, and tells whoever opens the line next of a level that is long over.
void CloseLine(uint32_t line) {
  WriteEntry(line, Masked(std::exchange(OpenLineOf(line), {}).entry));
  if (line != kSerialInterrupt) return;
  RouteIsaInterrupt(kSerialInterrupt, kConsoleVector);
  StartConsoleInterrupt();
  OnConsoleInterrupt();  // what has come so far gives no edge any more
}

void UnmaskLine(uint32_t line) {
  Line& own = OpenLineOf(line);
  CHECK(own.is_masked);
  own.is_masked = false;
  if (own.is_closed_at_controller) {
    own.is_closed_at_controller = false;
    WriteEntryMask(line, own.entry);
  }
  if (!own.is_late) return;
  own.is_late = false;
  own.is_masked = true;
  kernel_trap_handlers.on_interrupt(line);
}

LineFacts FactsOfLine(uint32_t line) {
  CHECK(line < InterruptLineCount());
  const uint32_t entry = ReadEntry(line);
  const bool is_masked = (entry & kVectorMasked) != 0;
  const bool is_level = (entry & kLevelTriggered) != 0;
  return {.interrupts = counts[line],
          .gate = is_masked ? LineFacts::Gate::kMasked : LineFacts::Gate::kOpen,
          .trigger = is_level ? InterruptTrigger::kLevel : InterruptTrigger::kEdge};
}

bool OnLineInterrupt(uint64_t vector) {
  if (vector == kConsoleVector) {
    ++counts[kSerialInterrupt];
    OnConsoleInterrupt();
    EndOfInterrupt();
    return true;
  }
  if (vector < kFirstLineVector || vector - kFirstLineVector >= lines.size()) return false;
  const auto number = static_cast<uint32_t>(vector - kFirstLineVector);
  ++counts[number];
  Line& line = lines[number];
  if (line.is_open && !line.is_masked) {
    HandOn(number, line);
    return true;
  }
  if (line.is_open) {
    line.is_late = HasEdges(line);
    CloseAtController(number, line);
  }
  EndOfInterrupt();  // or it was on its way when the line was closed
  return true;
}

}  // namespace arch
