#include "layouts/emit_map.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/base/print.h"
#include "kernel/base/print_size.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"

namespace layouts {
namespace {

using base::Print;
using base::Sink;
using mm::Layout;
using mm::Region;

// In the picture's units, which are those of a screen.
constexpr unsigned kMargin = 16;
constexpr unsigned kTitleHeight = 40;
constexpr unsigned kAddressWidth = 160;
constexpr unsigned kBoxWidth = 320;
constexpr unsigned kColumnWidth = kAddressWidth + kBoxWidth + kMargin;
constexpr unsigned kBoxHeight = 22;  // of one page; each doubling adds
constexpr unsigned kDoubling = 2;
constexpr unsigned kBaseline = 16;

constexpr std::string_view kStyle =
    "<style>\n"
    "text { font: 12px monospace; fill: #1b1b1b }\n"
    ".name { font-weight: bold }\n"
    ".right { text-anchor: end }\n"
    "rect { stroke: #1b1b1b }\n"
    ".kernel { fill: #cfe0f7 }\n"
    ".user { fill: #d5efcf }\n"
    ".unused { fill: #e4e4e4 }\n"
    ".gap { fill: none; stroke-dasharray: 4 3 }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "text { fill: #f0f0f0 }\n"
    "rect { stroke: #f0f0f0 }\n"
    ".kernel { fill: #1d3c66 }\n"
    ".user { fill: #234d1c }\n"
    ".unused { fill: #3c3c3c }\n"
    "}\n"
    "</style>\n";

// A row of the table, or addresses that no row has.
struct Box {
  mm::VirtRange range;
  const Region* region;  // null: no row
};

void EmitEscaped(Sink& sink, std::string_view text) {
  for (const char character : text) {
    switch (character) {
      case '&':
        sink.Write("&amp;");
        break;
      case '<':
        sink.Write("&lt;");
        break;
      default:
        Print(sink, "{}", character);
    }
  }
}

mm::VirtAddr LastAddress(const Layout& layout) {
  const bool sign = layout.shape.extension == mm::HardwareShape::Extension::kSign;
  return {sign ? ~uint64_t{0} : base::LowBits(layout.shape.address_bits)};
}

// Calls use(box) for every box, the highest first.
template <class Use>
void ForEachBox(const Layout& layout, Use use) {
  std::optional<mm::VirtAddr> last = LastAddress(layout);  // of what is left
  for (size_t row = layout.regions.size(); row-- != 0;) {
    const Region& region = layout.regions[row];
    if (region.range.last() != *last) {
      use(Box{mm::FromFirstToLast(region.range.last() + 1, *last), nullptr});
    }
    use(Box{region.range, &region});
    if (region.range.base.value == 0) {
      last.reset();
    } else {
      last = region.range.base - 1;
    }
  }
  if (last) use(Box{mm::FromFirstToLast(mm::VirtAddr{0}, *last), nullptr});
}

unsigned HeightOf(const Box& box) {
  const uint64_t pages = box.range.size_bytes >> mm::kPageShift;
  return kBoxHeight + kDoubling * static_cast<unsigned>(std::bit_width(pages) - 1);
}

unsigned HeightOf(const Layout& layout) {
  unsigned height = kTitleHeight;
  ForEachBox(layout, [&](const Box& box) { height += HeightOf(box); });
  return height;
}

std::string_view ClassOf(const Box& box) {
  if (box.region == nullptr) return "gap";
  if (box.region->service == mm::Service::kUnused) return "unused";
  return mm::IsKernelService(box.region->service) ? "kernel" : "user";
}

// Where a text stands, and what the style sheet calls it.
struct Place {
  unsigned x;
  unsigned y;
  std::string_view style;
};

void BeginText(Sink& sink, const Place& place) {
  Print(sink, "<text x=\"{}\" y=\"{}\" class=\"{}\">", place.x, place.y, place.style);
}

void EmitBox(Sink& sink, const Layout& layout, const Box& box, unsigned x, unsigned y) {
  const unsigned left = x + kAddressWidth;
  const unsigned line = y + kBaseline;
  const bool exists = mm::IsAddressable(layout.shape, box.range.base);
  const std::string_view name = box.region != nullptr ? box.region->name
                                : exists              ? "no region"
                                                      : "no such addresses";
  Print(sink, "<g><title>{} {}-{}: ", name, box.range.base, box.range.last());
  EmitEscaped(sink, box.region != nullptr ? box.region->why : "holds no mapping");
  Print(sink, "</title>\n<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"{}\"/>\n", left,
        y, kBoxWidth, HeightOf(box), ClassOf(box));
  BeginText(sink, {left - kMargin / 2, line, "right"});
  Print(sink, "{}</text>\n", box.range.last());
  BeginText(sink, {left + kMargin / 2, line, "name"});
  Print(sink, "{}</text>\n", name);
  if (box.region != nullptr && box.region->service != mm::Service::kUnused) {
    BeginText(sink, {left + kBoxWidth / 4, line, ""});
    Print(sink, "user {} kernel {}</text>\n", mm::AccessName(box.region->user),
          mm::AccessName(box.region->kernel));
  }
  BeginText(sink, {left + kBoxWidth - kMargin / 2, line, "right"});
  base::PrintBareSize(sink, box.range.size_bytes);
  Print(sink, "</text></g>\n");
}

void EmitColumn(Sink& sink, const Layout& layout, unsigned x) {
  BeginText(sink, {x + kAddressWidth, kMargin + kBaseline, "name"});
  Print(sink, "{}, {} address bits</text>\n", layout.name, layout.shape.address_bits);
  unsigned y = kTitleHeight;
  ForEachBox(layout, [&](const Box& box) {
    EmitBox(sink, layout, box, x, y);
    y += HeightOf(box);
  });
}

}  // namespace

void EmitMap(Sink& sink, Tables tables) {
  CHECK(!tables.empty());
  unsigned height = 0;
  for (const Layout* const layout : tables) height = std::max(height, HeightOf(*layout));
  const unsigned width = kMargin + kColumnWidth * static_cast<unsigned>(tables.size());
  Print(sink, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" ", width,
        height + kMargin);
  Print(sink, "role=\"img\">\n<title>The regions of {}</title>\n", tables.front()->name);
  Print(sink, "<desc>The highest address is at the top. A box twice as large is {} units higher.",
        kDoubling);
  Print(sink, "</desc>\n");
  sink.Write(kStyle);
  unsigned x = kMargin;
  for (const Layout* const layout : tables) {
    EmitColumn(sink, *layout, x);
    x += kColumnWidth;
  }
  Print(sink, "</svg>\n");
}

}  // namespace layouts
