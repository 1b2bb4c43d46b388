#include "arch/ops/power.h"

#include <array>
#include <cstdint>

#include "arch/arm/devices/board.h"
#include "arch/arm/ops/coprocessor.h"
#include "arch/ops/cpu.h"

// In vectors.S: every exception goes to ArmExitWithoutSemihosting.
extern "C" const uint32_t arm_exit_vectors[];

namespace arch {
namespace {

// ARM DEN 0022D, 5.1.9 and 5.1.10.
enum class PsciFunction : uint32_t { kSystemOff = 0x8400'0008, kSystemReset = 0x8400'0009 };

// Returns only if the firmware refuses or there is none.
void CallFirmware(PsciFunction function) {
  // The SMC calling convention (ARM DEN 0028, 2.7): function in r0, r0-r3 lost.
  register uint32_t r0 asm("r0") = static_cast<uint32_t>(function);
  switch (arm::Board().psci) {
    case arm::PsciConduit::kHypervisorCall:
      asm volatile(".arch_extension virt\n\thvc #0" : "+r"(r0)::"r1", "r2", "r3", "memory");
      break;
    case arm::PsciConduit::kSecureMonitorCall:
      asm volatile(".arch_extension sec\n\tsmc #0" : "+r"(r0)::"r1", "r2", "r3", "memory");
      break;
    case arm::PsciConduit::kNone:
      break;
  }
}

// Semihosting for AArch32, 2.0: SYS_EXIT_EXTENDED with ADP_Stopped_ApplicationExit.
[[noreturn]] void ExitThroughSemihosting(uint32_t status) {
  constexpr uint32_t kExitExtended = 0x20;
  constexpr uint32_t kApplicationExit = 0x20026;
  const std::array<uint32_t, 2> block = {kApplicationExit, status};
  register uint32_t r0 asm("r0") = kExitExtended;
  register const uint32_t* r1 asm("r1") = block.data();
  // lr: without semihosting this is an ordinary supervisor call, which overwrites it.
  asm volatile("svc #0x123456" : "+r"(r0) : "r"(r1) : "lr", "memory");
  Halt();
}

}  // namespace

void PowerOff() {
  CallFirmware(PsciFunction::kSystemOff);
  Halt();
}

void Reboot() {
  CallFirmware(PsciFunction::kSystemReset);
  Halt();
}

void ExitWithFailure() {
  constexpr uint32_t kFailure = 1;
  asm volatile("cpsid if" ::: "memory");
  arm::WriteVbar(arm_exit_vectors);
  arm::InstructionBarrier();
  ExitThroughSemihosting(kFailure);
}

}  // namespace arch

// The semihosting call raised an exception: nobody answers it. So may the firmware call.
extern "C" [[noreturn]] void ArmExitWithoutSemihosting() {
  static constinit bool tried = false;
  if (!tried) {
    tried = true;
    arch::PowerOff();
  }
  arch::Halt();
}
