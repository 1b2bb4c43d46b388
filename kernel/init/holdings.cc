#include "kernel/init/holdings.h"

#include "kernel/mm/frames/frame_types.h"

namespace kernel {

Holdings HoldingsOf(const System& system) {
  Holdings holdings = {.table_bytes = system.table_frames.table_bytes(), .free = {}};
  for (const mm::ZoneKind kind : {mm::ZoneKind::kDma, mm::ZoneKind::kNormal, mm::ZoneKind::kHigh}) {
    holdings.free += system.memory.Statistics(kind).free;
  }
  holdings.free += system.table_frames.spare_frames();
  return holdings;
}

}  // namespace kernel
