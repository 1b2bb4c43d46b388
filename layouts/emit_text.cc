#include "layouts/emit_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/base/print.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/layout_digest.h"

namespace layouts {
namespace {

using base::Print;
using base::Sink;
using mm::Layout;
using mm::Region;
using mm::Service;

// How one name and its number are written.
struct Style {
  std::string_view before_name;
  std::string_view before_number;
  std::string_view after_number;
};

constexpr Style kLinker = {"", " = ", ";\n"};
constexpr Style kAssembler = {"#define ", " ", "\n"};

struct NamedService {
  std::string_view name;
  Service service;
};

// Regions that start-up code and the linker know. User regions depend on the hardware found.
constexpr auto kServices = std::to_array<NamedService>({
    {"DIRECT", Service::kDirectMap},
    {"HEAP", Service::kKernelHeap},
    {"VMALLOC", Service::kVmalloc},
    {"WINDOW", Service::kWindow},
    {"SCRATCHPAD", Service::kScratchpad},
});

void EmitNumber(Sink& sink, const Style& style, std::string_view name, std::string_view suffix,
                uint64_t number) {
  Print(sink, "{}LAYOUT_{}{}{}{:#x}{}", style.before_name, name, suffix, style.before_number,
        number, style.after_number);
}

void EmitRegion(Sink& sink, const Style& style, std::string_view name, const Region& region) {
  EmitNumber(sink, style, name, "_BASE", region.range.base.value);
  EmitNumber(sink, style, name, "_LAST", region.range.last().value);
  EmitNumber(sink, style, name, "_SIZE", region.range.size_bytes);
}

// What the linker is given must hold for each table that the kernel may choose at run time.
void CheckSameKernelHalf(const Layout& left, const Layout& right) {
  CHECK(left.image_link_base == right.image_link_base);
  CHECK(left.image_load_base == right.image_load_base);
  CHECK(left.direct_map_target == right.direct_map_target);
  for (const NamedService& named : kServices) {
    const Region* const one = mm::FindService(left, named.service);
    const Region* const other = mm::FindService(right, named.service);
    CHECK((one == nullptr) == (other == nullptr));
    CHECK(one == nullptr || one->range == other->range);
  }
}

// Start-up code turns on the deepest page tables that any table has addresses for, and no deeper.
unsigned WidestAddressBits(Tables tables) {
  unsigned widest = 0;
  for (const Layout* const layout : tables) widest = std::max(widest, layout->shape.address_bits);
  return widest;
}

void EmitNumbers(Sink& sink, const Style& style, Tables tables) {
  CHECK(!tables.empty());
  const Layout& layout = *tables.front();
  for (const Layout* const other : tables) CheckSameKernelHalf(layout, *other);
  const Region* const image = mm::FindRegion(layout, layout.image_link_base);
  CHECK(image != nullptr);
  EmitRegion(sink, style, "IMAGE", *image);
  EmitNumber(sink, style, "IMAGE", "_LINK_BASE", layout.image_link_base.value);
  EmitNumber(sink, style, "IMAGE", "_LOAD_BASE", layout.image_load_base.value);
  for (const NamedService& named : kServices) {
    const Region* const region = mm::FindService(layout, named.service);
    if (region != nullptr) EmitRegion(sink, style, named.name, *region);
  }
  EmitNumber(sink, style, "DIRECT", "_TARGET", layout.direct_map_target.value);
  EmitNumber(sink, style, "PAGE", "_SIZE", layout.shape.page_bytes);
  EmitNumber(sink, style, "ADDRESS", "_BITS", WidestAddressBits(tables));
}

// Names and reasons are plain text of ours; anything that JSON would escape is a mistake.
void CheckPlain(std::string_view text) {
  for (const char character : text)
    CHECK(character >= ' ' && character != '"' && character != '\\');
}

void EmitJsonRegion(Sink& sink, const Region& region) {
  CheckPlain(region.name);
  CheckPlain(region.why);
  Print(sink, "      {{\"name\": \"{}\", \"first\": \"{}\", \"last\": \"{}\", ", region.name,
        region.range.base, region.range.last());
  Print(sink, "\"user\": \"{}\", \"kernel\": \"{}\", \"caching\": \"{}\", ",
        mm::AccessName(region.user), mm::AccessName(region.kernel),
        mm::CachingName(region.caching));
  Print(sink, "\"scope\": \"{}\", \"service\": \"{}\", \"growth\": \"{}\", \"guards\": \"{}\", ",
        mm::ScopeName(region.scope), mm::ServiceName(region.service), mm::GrowthName(region.growth),
        mm::GuardsName(region.guards));
  Print(sink, "\"why\": \"{}\"}}", region.why);
}

void EmitJsonParts(Sink& sink, std::string_view key, std::span<const mm::Part> parts) {
  if (parts.empty()) return;
  Print(sink, ",\n    \"{}\": [\n", key);
  std::string_view separator;
  for (const mm::Part& part : parts) {
    CheckPlain(part.name);
    CheckPlain(part.why);
    Print(sink, "{}      {{\"name\": \"{}\", \"start\": \"{}\", ", separator, part.name,
          mm::PartStartName(part.start));
    Print(sink, "\"user\": \"{}\", \"kernel\": \"{}\", \"growth\": \"{}\", ",
          mm::AccessName(part.user), mm::AccessName(part.kernel), mm::GrowthName(part.growth));
    Print(sink, "\"why\": \"{}\"}}", part.why);
    separator = ",\n";
  }
  Print(sink, "\n    ]");
}

void EmitJsonTable(Sink& sink, const Layout& layout) {
  const bool sign = layout.shape.extension == mm::HardwareShape::Extension::kSign;
  CheckPlain(layout.name);
  Print(sink, "  {{\n    \"layout\": \"{}\",\n    \"digest\": \"{:016x}\",\n", layout.name,
        mm::Digest(layout));
  Print(sink, "    \"address_bits\": {},\n    \"extension\": \"{}\",\n    \"page_bytes\": {},\n",
        layout.shape.address_bits, sign ? "sign" : "zero", layout.shape.page_bytes);
  Print(sink, "    \"promised_ram_bytes\": {},\n    \"direct_map_target\": \"{}\",\n",
        layout.promised_ram_bytes, layout.direct_map_target);
  Print(sink, "    \"image_link_base\": \"{}\",\n    \"image_load_base\": \"{}\",\n",
        layout.image_link_base, layout.image_load_base);
  Print(sink, "    \"regions\": [\n");
  std::string_view separator;
  for (const Region& region : layout.regions) {
    sink.Write(separator);
    EmitJsonRegion(sink, region);
    separator = ",\n";
  }
  Print(sink, "\n    ]");
  EmitJsonParts(sink, "image_parts", layout.image_parts);
  EmitJsonParts(sink, "process_parts", layout.process_parts);
  Print(sink, "\n  }}");
}

}  // namespace

void EmitLinkerSymbols(Sink& sink, Tables tables) { EmitNumbers(sink, kLinker, tables); }

void EmitAssemblerHeader(Sink& sink, Tables tables) {
  Print(sink, "#pragma once\n\n");
  EmitNumbers(sink, kAssembler, tables);
}

void EmitJson(Sink& sink, Tables tables) {
  Print(sink, "[\n");
  std::string_view separator;
  for (const Layout* const layout : tables) {
    sink.Write(separator);
    EmitJsonTable(sink, *layout);
    separator = ",\n";
  }
  Print(sink, "\n]\n");
}

}  // namespace layouts
