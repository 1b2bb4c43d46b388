#include "layouts/emit_page.h"

#include <cstddef>
#include <span>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/base/print.h"
#include "kernel/base/print_size.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/layout_digest.h"

namespace layouts {
namespace {

using base::Print;
using base::Sink;
using mm::Layout;
using mm::Region;

// In a cell of a table.
void CheckCell(std::string_view text) { CHECK(!text.contains('|') && !text.contains('\n')); }

void EmitRow(Sink& sink, const Region& region) {
  CheckCell(region.name);
  CheckCell(region.why);
  Print(sink, "| `{}` | `{}` | ", region.range.base, region.range.last());
  base::PrintBareSize(sink, region.range.size_bytes);
  Print(sink, " | {} | `{}` | `{}` | {} | {} |", region.name, mm::AccessName(region.user),
        mm::AccessName(region.kernel), mm::ScopeName(region.scope),
        mm::ServiceName(region.service));
  Print(sink, " {} | {} | {} | {} |\n", mm::CachingName(region.caching),
        mm::GrowthName(region.growth), mm::GuardsName(region.guards), region.why);
}

void EmitTable(Sink& sink, const Layout& layout) {
  Print(sink, "\n## {} address bits, RAM from {:#x}\n\n", layout.shape.address_bits,
        layout.direct_map_target.value);
  Print(sink, "Digest `{:016x}`: a kernel prints it when its live page ", mm::Digest(layout));
  Print(sink, "tables agree with this table.\n\n");
  Print(sink, "| first | last | size | region | user | kernel | scope | holds |");
  Print(sink, " caching | grows | guards | why |\n");
  Print(sink, "|---|---|---:|---|---|---|---|---|---|---|---|---|\n");
  for (const Region& region : layout.regions) EmitRow(sink, region);
  Print(sink, "\n- The direct map has room for ");
  base::PrintBareSize(sink, layout.promised_ram_bytes);
  Print(sink, " of RAM, from physical `{}`.\n", layout.direct_map_target);
  Print(sink, "- The image runs at `{}` and lies at physical `{}`.\n", layout.image_link_base,
        layout.image_load_base);
}

// Parts in the order of the table, the lowest first.
void EmitParts(Sink& sink, std::string_view what, std::span<const mm::Part> parts) {
  if (parts.empty()) return;
  Print(sink, "\n### Parts of {}, from the bottom\n\n", what);
  Print(sink,
        "A part begins with the first whole page that the part below leaves, or packed with ");
  Print(sink, "the first byte.\n\n");
  Print(sink, "| part | begins | user | kernel | grows | why |\n|---|---|---|---|---|---|\n");
  for (const mm::Part& part : parts) {
    CheckCell(part.name);
    CheckCell(part.why);
    Print(sink, "| {} | {} | `{}` | `{}` | {} | {} |\n", part.name, mm::PartStartName(part.start),
          mm::AccessName(part.user), mm::AccessName(part.kernel), mm::GrowthName(part.growth),
          part.why);
  }
}

}  // namespace

void EmitPage(Sink& sink, Tables tables) {
  CHECK(!tables.empty());
  const std::string_view name = tables.front()->name;
  Print(sink, "# {}\n\n", name);
  Print(sink, "Made from [layouts/{}.h](../../layouts/{}.h) by ", name, name);
  Print(sink, "`./bazelw run //tools:layout_pages`; a test compares the two.\n\n");
  Print(sink, "`w^x` is code, constants and data side by side: each page has `r--`, `rw-` or ");
  Print(sink, "`r-x`. User and kernel rights are upper bounds.\n\n");
  Print(sink, "![The regions of {}, highest address at the top]({}.svg)\n", name, name);
  for (const Layout* const layout : tables) {
    EmitTable(sink, *layout);
    EmitParts(sink, "the image", layout->image_parts);
    EmitParts(sink, "a process", layout->process_parts);
  }
}

}  // namespace layouts
