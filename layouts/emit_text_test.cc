#include "layouts/emit_text.h"

#include <array>
#include <cstddef>
#include <string_view>

#include "gtest/gtest.h"
#include "kernel/base/print.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/layout_digest.h"
#include "layouts/apcpu.h"
#include "layouts/kora.h"
#include "layouts/lfos.h"
#include "layouts/osz.h"
#include "layouts/sos.h"
#include "testing/unit/text_buffer.h"

namespace {

TEST(EmitText, LinkerSymbolsOfSos) {
  unit::TextBuffer buffer;
  layouts::EmitLinkerSymbols(buffer, layouts::sos::kLayouts);
  EXPECT_EQ(buffer.text(),
            "LAYOUT_IMAGE_BASE = 0x80000000;\n"
            "LAYOUT_IMAGE_LAST = 0xff7fffff;\n"
            "LAYOUT_IMAGE_SIZE = 0x7f800000;\n"
            "LAYOUT_IMAGE_LINK_BASE = 0x80010000;\n"
            "LAYOUT_IMAGE_LOAD_BASE = 0x40010000;\n"
            "LAYOUT_DIRECT_BASE = 0x80000000;\n"
            "LAYOUT_DIRECT_LAST = 0xff7fffff;\n"
            "LAYOUT_DIRECT_SIZE = 0x7f800000;\n"
            "LAYOUT_VMALLOC_BASE = 0xff800000;\n"
            "LAYOUT_VMALLOC_LAST = 0xffffffff;\n"
            "LAYOUT_VMALLOC_SIZE = 0x800000;\n"
            "LAYOUT_DIRECT_TARGET = 0x40000000;\n"
            "LAYOUT_PAGE_SIZE = 0x1000;\n"
            "LAYOUT_ADDRESS_BITS = 0x20;\n");
}

// One table; what differs is where a machine has its RAM.
struct PlacementRow {
  std::string_view name;
  layouts::Tables tables;
  std::string_view link_base;
  std::string_view load_base;
  std::string_view direct_target;
};

TEST(EmitText, KoraLiesWhereItsMachineHasRam) {
  constexpr PlacementRow kRows[] = {
      {"arm", layouts::arm_kora::kLayouts, "0xc0010000", "0x40010000", "0x40000000"},
      {"x86_64", layouts::x86_64_kora::kLayouts, "0xc0100000", "0x100000", "0x0"},
  };
  for (const PlacementRow& row : kRows) {
    unit::TextBuffer wanted;
    base::Print(wanted,
                "LAYOUT_IMAGE_BASE = 0xc0000000;\n"
                "LAYOUT_IMAGE_LAST = 0xefffffff;\n"
                "LAYOUT_IMAGE_SIZE = 0x30000000;\n"
                "LAYOUT_IMAGE_LINK_BASE = {};\n"
                "LAYOUT_IMAGE_LOAD_BASE = {};\n"
                "LAYOUT_DIRECT_BASE = 0xc0000000;\n"
                "LAYOUT_DIRECT_LAST = 0xefffffff;\n"
                "LAYOUT_DIRECT_SIZE = 0x30000000;\n"
                "LAYOUT_VMALLOC_BASE = 0xf0000000;\n"
                "LAYOUT_VMALLOC_LAST = 0xfeffffff;\n"
                "LAYOUT_VMALLOC_SIZE = 0xf000000;\n"
                "LAYOUT_DIRECT_TARGET = {};\n"
                "LAYOUT_PAGE_SIZE = 0x1000;\n"
                "LAYOUT_ADDRESS_BITS = 0x20;\n",
                row.link_base, row.load_base, row.direct_target);
    unit::TextBuffer buffer;
    layouts::EmitLinkerSymbols(buffer, row.tables);
    EXPECT_EQ(buffer.text(), wanted.text()) << row.name;
  }
}

// Scratchpad and boot stack have a region, and areas have none of their own.
TEST(EmitText, AssemblerHeaderOfLfos) {
  unit::TextBuffer buffer;
  layouts::EmitAssemblerHeader(buffer, layouts::lfos::kLayouts);
  EXPECT_EQ(buffer.text(),
            "#pragma once\n\n"
            "#define LAYOUT_IMAGE_BASE 0xffff800001000000\n"
            "#define LAYOUT_IMAGE_LAST 0xffff800008ffffff\n"
            "#define LAYOUT_IMAGE_SIZE 0x8000000\n"
            "#define LAYOUT_IMAGE_LINK_BASE 0xffff800001100000\n"
            "#define LAYOUT_IMAGE_LOAD_BASE 0x100000\n"
            "#define LAYOUT_DIRECT_BASE 0xffff840000000000\n"
            "#define LAYOUT_DIRECT_LAST 0xffff87ffffffffff\n"
            "#define LAYOUT_DIRECT_SIZE 0x40000000000\n"
            "#define LAYOUT_HEAP_BASE 0xffff800040000000\n"
            "#define LAYOUT_HEAP_LAST 0xffff8007ffffffff\n"
            "#define LAYOUT_HEAP_SIZE 0x7c0000000\n"
            "#define LAYOUT_SCRATCHPAD_BASE 0xffff800000000000\n"
            "#define LAYOUT_SCRATCHPAD_LAST 0xffff800000ffffff\n"
            "#define LAYOUT_SCRATCHPAD_SIZE 0x1000000\n"
            "#define LAYOUT_DIRECT_TARGET 0x0\n"
            "#define LAYOUT_PAGE_SIZE 0x1000\n"
            "#define LAYOUT_ADDRESS_BITS 0x30\n");
}

TEST(EmitText, AssemblerHeaderOfOsz) {
  unit::TextBuffer buffer;
  layouts::EmitAssemblerHeader(buffer, layouts::osz::kLayouts);
  for (const std::string_view line : {
           "#pragma once\n",
           "#define LAYOUT_IMAGE_BASE 0xffffffff80000000\n",
           "#define LAYOUT_IMAGE_LINK_BASE 0xffffffff80100000\n",
           "#define LAYOUT_IMAGE_LOAD_BASE 0x100000\n",
           "#define LAYOUT_DIRECT_BASE 0xffffffff00000000\n",
           "#define LAYOUT_DIRECT_SIZE 0x80000000\n",
           "#define LAYOUT_DIRECT_TARGET 0x0\n",
           "#define LAYOUT_WINDOW_LAST 0xffffffffffffffff\n",
           "#define LAYOUT_ADDRESS_BITS 0x39\n",
       }) {
    EXPECT_TRUE(buffer.text().contains(line)) << line;
  }
  EXPECT_FALSE(buffer.text().contains(';'));
}

// JSON of one region and of the frame around it; both tables of osz are longer than the buffer.
TEST(EmitText, Json) {
  constexpr std::array<mm::Region, 1> kRows = {layouts::sos::kRegions[5]};
  mm::Layout layout = layouts::sos::kLayout;
  layout.regions = kRows;
  const std::array<const mm::Layout*, 2> tables = {&layout, &layout};
  unit::TextBuffer buffer;
  layouts::EmitJson(buffer, tables);
  unit::TextBuffer table;
  base::Print(table,
              "  {{\n"
              "    \"layout\": \"sos\",\n"
              "    \"digest\": \"{:016x}\",\n"
              "    \"address_bits\": 32,\n"
              "    \"extension\": \"zero\",\n"
              "    \"page_bytes\": 4096,\n"
              "    \"promised_ram_bytes\": 2139095040,\n"
              "    \"direct_map_target\": \"0x0000000040000000\",\n"
              "    \"image_link_base\": \"0x0000000080010000\",\n"
              "    \"image_load_base\": \"0x0000000040010000\",\n"
              "    \"regions\": [\n"
              "      {{\"name\": \"vmalloc\", \"first\": \"0x00000000ff800000\", "
              "\"last\": \"0x00000000ffffffff\", \"user\": \"---\", \"kernel\": \"rw-\", "
              "\"caching\": \"device\", \"scope\": \"global\", \"service\": \"vmalloc\", "
              "\"growth\": \"fixed\", \"guards\": \"around\", \"why\": \"{}\"}}\n"
              "    ]\n"
              "  }}",
              mm::Digest(layout), kRows[0].why);
  unit::TextBuffer wanted;
  base::Print(wanted, "[\n{},\n{}\n]\n", table.text(), table.text());
  EXPECT_EQ(buffer.text(), wanted.text());
}

TEST(EmitTextDeathTest, TablesWhoseKernelHalvesDiffer) {
  mm::Layout other = layouts::sos::kLayout;
  other.image_link_base = other.image_link_base + mm::kPageSize;
  const std::array<const mm::Layout*, 2> tables = {&layouts::sos::kLayout, &other};
  unit::TextBuffer buffer;
  EXPECT_DEATH(layouts::EmitLinkerSymbols(buffer, tables), "left.image_link_base");
}

// An image in parts: what is different about its JSON.
TEST(EmitText, JsonOfParts) {
  mm::Layout layout = layouts::apcpu::kLayout;
  layout.regions = layout.regions.first(1);
  layout.image_parts = layout.image_parts.subspan(5, 2);
  layout.process_parts = layout.process_parts.first(1);
  const std::array<const mm::Layout*, 1> tables = {&layout};
  unit::TextBuffer buffer;
  layouts::EmitJson(buffer, tables);
  const std::string_view text = buffer.text();
  const size_t parts = text.find("    ],\n    \"image_parts\": [\n");
  ASSERT_NE(parts, std::string_view::npos);
  EXPECT_TRUE(text.substr(parts).starts_with(
      "    ],\n    \"image_parts\": [\n"
      "      {\"name\": \"kernel shared\", \"start\": \"packed\", \"user\": \"---\", "
      "\"kernel\": \"rw-\", \"growth\": \"fixed\", \"why\": \""));
  EXPECT_TRUE(text.contains("\"},\n      {\"name\": \"kernel heap\", \"start\": \"packed\","));
  EXPECT_TRUE(text.contains("\n    ],\n    \"process_parts\": [\n      {\"name\": \"heap\","));
  EXPECT_TRUE(text.ends_with("\"}\n    ]\n  }\n]\n"));
}

}  // namespace
