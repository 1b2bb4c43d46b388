#include "arch/arm/devices/gic.h"

namespace arch::arm {
namespace {

// Table 4-1.
constexpr uint32_t kDistributorControl = 0x000;
constexpr uint32_t kDistributorType = 0x004;
constexpr uint32_t kSetEnable = 0x100;
constexpr uint32_t kClearEnable = 0x180;
constexpr uint32_t kPriority = 0x400;
constexpr uint32_t kTargets = 0x800;
constexpr uint32_t kConfiguration = 0xC00;

// Table 4-2.
constexpr uint32_t kInterfaceControl = 0x000;
constexpr uint32_t kPriorityMask = 0x004;
constexpr uint32_t kAcknowledge = 0x00C;
constexpr uint32_t kEndOfInterrupt = 0x010;

constexpr uint32_t kOn = 1;
constexpr uint32_t kInterruptsPerWord = 32;  // one bit each
constexpr uint32_t kBytesPerWord = 4;        // one byte each
constexpr uint32_t kByteBits = 8;
constexpr uint32_t kAllPriorities = 0xFF;
constexpr uint32_t kMiddlePriority = 0xA0;  // one of the 16 that every implementation has (3.3)

// 4.3.13: two bits each, of which the upper one is set for an edge.
constexpr uint32_t kTriggersPerWord = 16;
constexpr uint32_t kTriggerBits = 2;
constexpr uint32_t kEdgeTriggered = 0b10;

constexpr uint32_t ByteOffset(uint32_t interrupt) {
  return interrupt / kBytesPerWord * kBytesPerWord;
}

// GICD_TYPER.ITLinesNumber (4.3.2): words of 32 interrupts, less one.
uint32_t EnableWords(Mmio distributor) { return (distributor.Read(kDistributorType) & 0x1F) + 1; }

// Setting a bit there enables or disables the interrupt.
constexpr uint32_t EnableOffset(uint32_t table, uint32_t interrupt) {
  return table + interrupt / kInterruptsPerWord * sizeof(uint32_t);
}
constexpr uint32_t EnableBit(uint32_t interrupt) {
  return uint32_t{1} << interrupt % kInterruptsPerWord;
}

constexpr uint32_t TriggerOffset(uint32_t interrupt) {
  return kConfiguration + interrupt / kTriggersPerWord * sizeof(uint32_t);
}
constexpr uint32_t EdgeBit(uint32_t interrupt) {
  return kEdgeTriggered << interrupt % kTriggersPerWord * kTriggerBits;
}

void WriteByte(Mmio distributor, uint32_t table, uint32_t interrupt, uint32_t value) {
  const uint32_t offset = table + ByteOffset(interrupt);
  const uint32_t shift = interrupt % kBytesPerWord * kByteBits;
  const uint32_t others = distributor.Read(offset) & ~(uint32_t{0xFF} << shift);
  distributor.Write(offset, others | value << shift);
}

// The targets of a private interrupt read as the processor that asks (4.3.12).
uint32_t ThisProcessor(Mmio distributor) { return distributor.Read(kTargets) & 0xFF; }

}  // namespace

void Gic::Initialize() const {
  distributor_.Write(kDistributorControl, 0);
  for (uint32_t word = 0; word < EnableWords(distributor_); ++word) {
    distributor_.Write(kClearEnable + word * sizeof(uint32_t), ~uint32_t{0});
  }
  distributor_.Write(kDistributorControl, kOn);
  cpu_interface_.Write(kPriorityMask, kAllPriorities);
  cpu_interface_.Write(kInterfaceControl, kOn);
}

void Gic::Enable(uint32_t interrupt) const {
  WriteByte(distributor_, kPriority, interrupt, kMiddlePriority);
  if (interrupt >= kGicFirstShared) {
    WriteByte(distributor_, kTargets, interrupt, ThisProcessor(distributor_));
  }
  EnableAgain(interrupt);
}

void Gic::EnableAgain(uint32_t interrupt) const {
  distributor_.Write(EnableOffset(kSetEnable, interrupt), EnableBit(interrupt));
}

void Gic::Disable(uint32_t interrupt) const {
  distributor_.Write(EnableOffset(kClearEnable, interrupt), EnableBit(interrupt));
}

void Gic::SetTrigger(uint32_t interrupt, GicTrigger trigger) const {
  const uint32_t offset = TriggerOffset(interrupt);
  const uint32_t bit = EdgeBit(interrupt);
  const uint32_t others = distributor_.Read(offset) & ~bit;
  distributor_.Write(offset, trigger == GicTrigger::kEdge ? others | bit : others);
}

bool Gic::IsEnabled(uint32_t interrupt) const {
  return (distributor_.Read(EnableOffset(kSetEnable, interrupt)) & EnableBit(interrupt)) != 0;
}

GicTrigger Gic::TriggerOf(uint32_t interrupt) const {
  const bool has_edges = (distributor_.Read(TriggerOffset(interrupt)) & EdgeBit(interrupt)) != 0;
  return has_edges ? GicTrigger::kEdge : GicTrigger::kLevel;
}

uint32_t Gic::InterruptCount() const { return EnableWords(distributor_) * kInterruptsPerWord; }

uint32_t Gic::Acknowledge() const { return cpu_interface_.Read(kAcknowledge); }

void Gic::Finish(uint32_t acknowledged) const {
  cpu_interface_.Write(kEndOfInterrupt, acknowledged);
}

}  // namespace arch::arm
