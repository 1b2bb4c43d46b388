#include "arch/ops/pic.h"

#include <cstdint>

#include "arch/ops/port_io.h"
#include "arch/ops/vectors.h"
#include "arch/x86_64/devices/devices.h"

namespace arch {
namespace {

// Intel 8259A datasheet, "initialization command words" 1 to 4.
struct Pic {
  uint16_t port;  // commands; data is the port after
  uint8_t first_vector;
  uint8_t cascade;  // first: which inputs have a controller; second: its number
};

void Mask(const Pic& pic) {
  constexpr uint8_t kInitialize = 0x11;  // cascaded, four words
  constexpr uint8_t kMode8086 = 0x01;
  constexpr uint8_t kAllInputs = 0xff;
  const auto data_port = static_cast<uint16_t>(pic.port + 1);
  WritePort8(pic.port, kInitialize);
  WritePort8(data_port, pic.first_vector);
  WritePort8(data_port, pic.cascade);
  WritePort8(data_port, kMode8086);
  WritePort8(data_port, kAllInputs);
}

}  // namespace

void MaskPic() {
  constexpr unsigned kCascadeInput = 2;
  Mask({x86_64::kFirstPicPort, kFirstPicVector, 1 << kCascadeInput});
  Mask({x86_64::kSecondPicPort, kSecondPicVector, kCascadeInput});
}

}  // namespace arch
