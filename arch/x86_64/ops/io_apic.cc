#include "arch/ops/io_apic.h"

#include "arch/ops/local_apic.h"
#include "arch/x86_64/devices/apic.h"
#include "arch/x86_64/devices/devices.h"

namespace arch {
namespace {

using namespace arch::x86_64;

constinit volatile char* windows = nullptr;
constinit unsigned inputs = 0;

volatile uint32_t& Window(uint32_t offset) {
  return *reinterpret_cast<volatile uint32_t*>(windows + offset);
}

uint32_t Read(uint32_t which) {
  Window(kIoApicSelectOffset) = which;
  return Window(kIoApicWindowOffset);
}

void Write(uint32_t which, uint32_t value) {
  Window(kIoApicSelectOffset) = which;
  Window(kIoApicWindowOffset) = value;
}

}  // namespace

base::Result<> StartIoApic(DeviceMapper* map_device) {
  const auto va = map_device(kIoApicBase, kIoApicBytes, "I/O APIC");
  if (!va) return std::unexpected(va.error());
  windows = static_cast<volatile char*>(mm::PointerTo(*va));
  inputs = IoApicInputCount(Read(kIoApicVersionRegister));
  for (unsigned input = 0; input < inputs; ++input) WriteEntry(input, kIoApicMasked);
  return {};
}

unsigned InputCount() { return inputs; }

// The half with the mask bit last when opening, so that a half-written entry never delivers.
void WriteEntry(unsigned input, const IoApicEntry& entry) {
  Write(IoApicEntryRegister(input), Masked(entry).low);
  Write(IoApicEntryRegister(input) + 1, entry.high);
  Write(IoApicEntryRegister(input), entry.low);
}

void WriteEntryMask(unsigned input, const IoApicEntry& entry) {
  Write(IoApicEntryRegister(input), entry.low);
}

uint32_t ReadEntry(unsigned input) { return Read(IoApicEntryRegister(input)); }

void RouteIsaInterrupt(unsigned input, uint8_t vector) {
  WriteEntry(input, IsaInterrupt(vector, LocalApicNumber()));
}

}  // namespace arch
