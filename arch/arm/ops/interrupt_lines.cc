#include "arch/ops/interrupt_lines.h"

#include <algorithm>
#include <array>
#include <bitset>

#include "arch/arm/devices/board.h"
#include "arch/arm/devices/gic.h"
#include "arch/ops/console.h"
#include "kernel/base/check.h"

namespace arch {
namespace {

// The architecture's most (ARM IHI 0048B 2.2.1: up to 1019).
constexpr size_t kMostLines = 1020 - arm::kGicFirstShared;

constinit const arm::Gic* controller = nullptr;
constinit std::bitset<kMostLines> open_lines;
constinit std::array<uint32_t, kMostLines> counts{};

uint32_t InterruptOf(uint32_t line) { return arm::kGicFirstShared + line; }

bool IsConsole(uint32_t line) { return InterruptOf(line) == arm::Board().uart_interrupt; }

}  // namespace

void arm::StartInterruptLines(const Gic& gic) { controller = &gic; }

size_t InterruptLineCount() {
  return std::min<size_t>(controller->InterruptCount() - arm::kGicFirstShared, kMostLines);
}

void OpenLine(uint32_t line, InterruptTrigger trigger) {
  CHECK(line < InterruptLineCount() && !open_lines[line]);
  const uint32_t interrupt = InterruptOf(line);
  controller->Disable(interrupt);
  controller->SetTrigger(interrupt, trigger == InterruptTrigger::kEdge ? arm::GicTrigger::kEdge
                                                                       : arm::GicTrigger::kLevel);
  open_lines.set(line);
  controller->Enable(interrupt);
}

void CloseLine(uint32_t line) {
  CHECK(line < open_lines.size() && open_lines[line]);
  const uint32_t interrupt = InterruptOf(line);
  controller->Disable(interrupt);
  open_lines.reset(line);
  if (!IsConsole(line)) return;
  controller->SetTrigger(interrupt, arm::GicTrigger::kLevel);
  arm::EnableConsoleInterrupt();
  controller->Enable(interrupt);
}

void UnmaskLine(uint32_t line) {
  CHECK(line < open_lines.size() && open_lines[line]);
  controller->EnableAgain(InterruptOf(line));
}

LineFacts FactsOfLine(uint32_t line) {
  CHECK(line < InterruptLineCount());
  const uint32_t interrupt = InterruptOf(line);
  const bool is_enabled = controller->IsEnabled(interrupt);
  const bool has_edges = controller->TriggerOf(interrupt) == arm::GicTrigger::kEdge;
  return {.interrupts = counts[line],
          .gate = is_enabled ? LineFacts::Gate::kOpen : LineFacts::Gate::kMasked,
          .trigger = has_edges ? InterruptTrigger::kEdge : InterruptTrigger::kLevel};
}

bool arm::MaskOpenLine(uint32_t interrupt) {
  if (interrupt < kGicFirstShared) return false;
  ++counts[LineOf(interrupt)];
  if (!open_lines[LineOf(interrupt)]) return false;
  controller->Disable(interrupt);
  return true;
}

uint32_t arm::LineOf(uint32_t interrupt) { return interrupt - kGicFirstShared; }

}  // namespace arch
