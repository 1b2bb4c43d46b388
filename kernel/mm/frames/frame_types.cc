#include "kernel/mm/frames/frame_types.h"

namespace mm {

std::string_view ZoneName(ZoneKind kind) {
  switch (kind) {
    case ZoneKind::kDma:
      return "dma";
    case ZoneKind::kNormal:
      return "normal";
    case ZoneKind::kHigh:
      return "high";
  }
  return "unknown";
}

std::string_view FreeFaultName(FreeFault fault) {
  switch (fault) {
    case FreeFault::kDoubleFree:
      return "double free";
    case FreeFault::kReserved:
      return "free of a reserved frame";
    case FreeFault::kOutOfRange:
      return "free of a frame out of range";
    case FreeFault::kMisaligned:
      return "free from the middle of a run";
    case FreeFault::kWrongLength:
      return "free of a run with another length";
  }
  return "unknown";
}

}  // namespace mm
