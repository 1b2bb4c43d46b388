// A layout's page of the documentation.
#pragma once

#include "kernel/base/print.h"
#include "layouts/emit_text.h"

namespace layouts {

// Markdown: every table with the columns that people know, and the digest that the boot prints.
void EmitPage(base::Sink& sink, Tables tables);

}  // namespace layouts
