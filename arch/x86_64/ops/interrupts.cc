#include "arch/ops/interrupts.h"

#include <array>
#include <cstddef>

#include "arch/ops/console.h"
#include "arch/ops/io_apic.h"
#include "arch/ops/local_apic.h"
#include "arch/ops/pic.h"
#include "arch/ops/registers.h"
#include "arch/ops/segments.h"
#include "arch/ops/timer.h"
#include "arch/ops/vectors.h"
#include "arch/x86_64/devices/descriptors.h"
#include "arch/x86_64/devices/devices.h"
#include "arch/x86_64/facts/exceptions.h"
#include "kernel/init/fault.h"

extern "C" {
extern const char interrupt_stubs[];
void ArchOnInterrupt(const arch::RegisterState* state);
}

namespace arch {
namespace {

using namespace arch::x86_64;

constexpr size_t kVectorCount = 256;
constexpr size_t kStubBytes = 16;  // as in interrupt_entry.S
static_assert(offsetof(RegisterState, rbp) == 72);
static_assert(offsetof(RegisterState, rip) == 144);

constinit std::array<DescriptorPair, kVectorCount> gates{};

// Exceptions that a broken stack causes, or that strike regardless of what runs.
constexpr bool NeedsOwnStack(size_t vector) {
  constexpr size_t kNmi = 2;
  constexpr size_t kMachineCheck = 18;
  return vector == kNmi || vector == kDoubleFaultVector || vector == kPageFaultVector ||
         vector == kMachineCheck;
}

[[noreturn]] void OnException(const RegisterState& state) {
  const auto vector = static_cast<uint8_t>(state.vector);
  if (vector == kPageFaultVector) {
    kernel::OnKernelFault(DecodePageFault(state.error_code, mm::VirtAddr{state.cr2}), state);
  }
  // An interrupt has no error code, but nobody would know which it was.
  const uint64_t code = vector < kExceptionVectorCount ? state.error_code : vector;
  kernel::OnUnexpectedException(ExceptionName(vector), code, state);
}

}  // namespace

void InstallFaultHandlers() {
  LoadSegments();
  const auto stubs = reinterpret_cast<uint64_t>(interrupt_stubs);
  for (size_t vector = 0; vector < kVectorCount; ++vector) {
    gates[vector] =
        InterruptGate(stubs + vector * kStubBytes, NeedsOwnStack(vector) ? kFaultStackNumber : 0);
  }
  const TablePointer pointer{sizeof(gates) - 1, reinterpret_cast<uint64_t>(gates.data())};
  asm volatile("lidt %0" : : "m"(pointer));
}

base::Result<> StartInterrupts(DeviceMapper* map_device) {
  MaskPic();
  if (const auto started = StartLocalApic(map_device); !started) return started;
  if (const auto started = StartIoApic(map_device); !started) return started;
  if (const auto started = StartTimer(); !started) return started;
  RouteIsaInterrupt(kSerialInterrupt, kConsoleVector);
  StartConsoleInterrupt();
  return {};
}

}  // namespace arch

void ArchOnInterrupt(const arch::RegisterState* state) {
  switch (state->vector) {
    case arch::kTimerVector:
      arch::OnTimerInterrupt();
      arch::EndOfInterrupt();
      return;
    case arch::kConsoleVector:
      arch::OnConsoleInterrupt();
      arch::EndOfInterrupt();
      return;
    case arch::kSpuriousVector:  // not acknowledged: SDM vol. 3A 11.9
      return;
    default:
      arch::OnException(*state);
  }
}
