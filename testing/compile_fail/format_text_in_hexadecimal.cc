#include "kernel/base/print.h"

[[maybe_unused]] static void Write(base::Sink& sink) { base::Print(sink, "{:x}", "text"); }
