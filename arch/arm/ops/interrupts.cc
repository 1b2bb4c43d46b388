#include "arch/ops/interrupts.h"

#include "arch/arm/devices/board.h"
#include "arch/arm/devices/gic.h"
#include "arch/arm/devices/mmio.h"
#include "arch/arm/ops/coprocessor.h"
#include "arch/ops/console.h"
#include "arch/ops/interrupt_lines.h"
#include "arch/ops/registers.h"
#include "arch/ops/timer.h"
#include "kernel/init/fault.h"
#include "kernel/sched/traps.h"

// In vectors.S.
extern "C" const uint32_t arm_vectors[];

namespace arch {
namespace {

constinit arm::Gic controller;

base::Result<arm::Mmio> Map(DeviceMapper* map_device, const mm::PhysRange& registers,
                            std::string_view name) {
  return arm::Mmio(TRY(map_device(registers.base, registers.size_bytes, name)));
}

void Handle(uint32_t interrupt, const RegisterState& registers) {
  const arm::BoardDevices& board = arm::Board();
  if (interrupt == board.uart_interrupt) {
    arm::ReceiveCharacters();
  } else {
    // No others are enabled but the timer's and those of open lines.
    kernel::OnUnexpectedException("interrupt", interrupt, registers);
  }
}

}  // namespace

void InstallFaultHandlers() {
  arm::WriteVbar(arm_vectors);
  arm::InstructionBarrier();
  asm volatile("cpsie a" ::: "memory");  // bus errors that were held back
}

base::Result<> StartInterrupts(DeviceMapper* map_device) {
  const arm::BoardDevices& board = arm::Board();
  const arm::Mmio distributor = TRY(Map(map_device, board.gic_distributor, "GIC distributor"));
  const arm::Mmio cpu_interface =
      TRY(Map(map_device, board.gic_cpu_interface, "GIC CPU interface"));
  controller = arm::Gic(distributor, cpu_interface);
  controller.Initialize();
  arm::EnableConsoleInterrupt();
  controller.Enable(board.uart_interrupt);
  TRY(arm::StartTimer());
  controller.Enable(board.timer_interrupt);
  arm::StartInterruptLines(controller);
  return {};
}

}  // namespace arch

// From vectors.S, on the thread's kernel stack, interrupts masked.
extern "C" void ArmOnIrq(const arch::RegisterState& registers) {
  using arch::arm::Gic;
  const uint32_t acknowledged = arch::controller.Acknowledge();
  const uint32_t interrupt = Gic::InterruptOf(acknowledged);
  if (Gic::IsSpurious(interrupt)) return;
  if (interrupt == arch::arm::Board().timer_interrupt) {
    const uint32_t ticks = arch::arm::OnTimerInterrupt();
    arch::controller.Finish(acknowledged);
    return kernel_trap_handlers.on_timer(ticks);
  }
  if (arch::arm::MaskOpenLine(interrupt)) {
    arch::controller.Finish(acknowledged);
    return kernel_trap_handlers.on_interrupt(arch::arm::LineOf(interrupt));
  }
  arch::Handle(interrupt, registers);
  arch::controller.Finish(acknowledged);
}
