// A layout as a picture.
#pragma once

#include "kernel/base/print.h"
#include "layouts/emit_text.h"

namespace layouts {

// SVG: one column a table, the highest address at the top. Heights are logarithmic, because regions
// differ by thirteen orders of magnitude.
void EmitMap(base::Sink& sink, Tables tables);

}  // namespace layouts
