// Firmware's bytes as an attacker would choose them: nothing may be read outside the view, and what
// is accepted must keep what the headers promise.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "arch/x86_64/firmware/acpi.h"
#include "arch/x86_64/firmware/physical_view.h"
#include "arch/x86_64/firmware/start_info.h"

namespace arch::x86_64 {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void FuzzStartInfo(const PhysicalView& view, mm::PhysAddr pa) {
  StartInfo info;
  if (!info.ReadFrom(view, pa)) return;
  Require(info.version() >= 1);
  Require(!info.memory().empty());
  for (const mm::PhysRange& module : info.modules()) Require(!module.IsEmpty() && !module.Wraps());
  for (const char character : info.command_line()) Require(character != '\0');
}

void FuzzAcpi(const PhysicalView& view, mm::PhysAddr pa, std::span<const std::byte> bytes) {
  if (const auto power = ReadAcpiPower(view, pa)) Require(power->control_a_port != 0);
  if (const auto types = FindOffSleepTypes(bytes)) Require(types->a <= 7 && types->b <= 7);
}

}  // namespace
}  // namespace arch::x86_64

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size_bytes) {
  constexpr mm::PhysAddr kBase{0x1000};
  const auto bytes = std::as_bytes(std::span(data, size_bytes));
  const arch::x86_64::PhysicalView view(bytes, kBase);
  arch::x86_64::FuzzStartInfo(view, kBase);
  arch::x86_64::FuzzAcpi(view, kBase, bytes);
  return 0;
}
