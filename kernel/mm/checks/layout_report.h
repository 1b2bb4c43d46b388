// The layout and its verification as the boot log shows them.
#pragma once

#include "kernel/base/print.h"
#include "kernel/mm/checks/layout_packing.h"
#include "kernel/mm/checks/layout_verify.h"
#include "kernel/mm/facts/layout.h"

namespace mm {

// "layout osz: 12 regions" and a line a region; for an image whose layout packs it, "image: 7
// parts" and a line a part.
void PrintLayout(base::Sink& sink, const Layout& layout, std::span<const PlacedPart> placed = {});

// "verify <region>: ..." for each region, then either one line
// "LAYOUT OK <layout> regions=N mappings=M digest=..." or a line for each finding,
// "LAYOUT FAULT <region>: <fault> at 0x...".
void PrintReport(base::Sink& sink, const Layout& layout, const VerifyReport& report);

}  // namespace mm
