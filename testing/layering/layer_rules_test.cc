#include "testing/layering/layer_rules.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "testing/layering/layout_literals.h"
#include "testing/layering/source_scan.h"

namespace {

using layering::CheckBuildFile;
using layering::CheckSource;
using layering::Exceptions;
using layering::Fault;

struct SourceRow {
  std::string_view name;
  std::string_view path;
  std::string_view text;
  std::string_view fault;  // part of it; empty: none
};

constexpr SourceRow kSourceRows[] = {
    {"down", "kernel/mm/tables/page_table.h", "#include \"kernel/base/bits.h\"\n", ""},
    {"beside", "kernel/mm/tables/page_table.h", "#include \"kernel/mm/facts/range.h\"\n", ""},
    {"mm to arch", "kernel/mm/tables/page_table.h",
     "#include \"arch/x86_64/facts/paging_policy.h\"\n",
     "kernel/mm/tables/ may not include arch/x86_64/facts/paging_policy.h"},
    {"with brackets", "kernel/mm/tables/page_table.h", "#include <arch/ops/cpu.h>\n",
     "may not include"},
    {"with blanks", "kernel/mm/a.h", "  #  include  \"arch/ops/cpu.h\"\n", "may not include"},
    {"base to mm", "kernel/base/bits.h", "#include \"kernel/mm/facts/range.h\"\n", "kernel/base/"},
    {"mm to init", "kernel/mm/tables/page_table.h", "#include \"kernel/init/panic.h\"\n",
     "may not"},
    {"mm to layouts", "kernel/mm/tables/page_table.h", "#include \"layouts/osz.h\"\n",
     "may not include"},
    {"an mm test to layouts", "kernel/mm/facts/layout_test.cc", "#include \"layouts/osz.h\"\n", ""},
    {"upstairs inside mm", "kernel/mm/facts/range.h",
     "#include \"kernel/mm/tables/page_table.h\"\n",
     "kernel/mm/facts/ may not include kernel/mm/tables/page_table.h"},
    {"ranges to tables", "kernel/mm/ranges/vma_index.h",
     "#include \"kernel/mm/tables/page_table.h\"\n", "kernel/mm/ranges/ may not include"},
    {"facts to facts", "arch/arm/facts/paging_policy.h", "#include \"kernel/mm/facts/range.h\"\n",
     ""},
    {"facts upstairs", "arch/arm/facts/paging_policy.h",
     "#include \"kernel/mm/tables/page_table.h\"\n", "may not include"},
    {"a test of facts upstairs", "arch/arm/facts/a_test.cc",
     "#include \"kernel/mm/tables/page_table.h\"\n", ""},
    {"facts to ops", "arch/arm/facts/paging_policy.h", "#include \"arch/ops/cpu.h\"\n", "may not"},
    {"facts of the other", "arch/arm/facts/a.h", "#include \"arch/x86_64/facts/b.h\"\n",
     "may not include"},
    {"ops to the other", "arch/arm/ops/a.cc", "#include \"arch/x86_64/ops/b.h\"\n", "may not"},
    {"ops to init's interface", "arch/arm/ops/a.cc", "#include \"kernel/init/fault.h\"\n", ""},
    {"ops to init's inside", "arch/arm/ops/a.cc", "#include \"kernel/init/monitor.h\"\n",
     "may not"},
    {"init to one architecture", "kernel/init/main.cc", "#include \"arch/arm/ops/cpu.h\"\n",
     "may not include"},
    {"init to the selected one", "kernel/init/main.cc", "#include \"arch/ops/cpu.h\"\n", ""},
    {"a tool to itself", "tools/layoutcheck/a.cc", "#include \"tools/layoutcheck/b.h\"\n", ""},
    {"the outside check to mm", "tools/layoutcheck/a.cc", "#include \"kernel/mm/facts/range.h\"\n",
     "tools/layoutcheck/ may not include kernel/mm/facts/range.h"},
    {"the outside check to base", "tools/layoutcheck/a.cc", "#include \"kernel/base/bits.h\"\n",
     "may not include"},
    {"the outside check to facts", "tools/layoutcheck/a.h",
     "#include \"arch/x86_64/facts/paging_policy.h\"\n", "may not include"},
    {"the outside check to other tools", "tools/layoutcheck/a.h",
     "#include \"tools/symbols/table.h\"\n", "may not include"},
    {"a test of the outside check to mm", "tools/layoutcheck/a_test.cc",
     "#include \"kernel/mm/facts/range.h\"\n", "may not include"},
    {"a test of the outside check to layouts", "tools/layoutcheck/a_test.cc",
     "#include \"layouts/osz.h\"\n", "may not include"},
    {"a test of another tool to base", "tools/symbols/a_test.cc",
     "#include \"kernel/base/bits.h\"\n", ""},
    {"no floor", "kernel/attic/a.h", "", "lies on no floor"},
    {"no floor at all", "attic/a.h", "", "lies on no floor"},
    {"assembly", "arch/arm/boot/start.S", "#include \"kernel/init/monitor.h\"\n", "may not"},
    {"in a comment", "kernel/mm/a.h", "// #include \"arch/ops/cpu.h\"\n/* __arm__ */\n", ""},
    {"in a text", "kernel/mm/a.h", "const char* a = \"__arm__ \\\" 0xffffffff80100000\";\n", ""},
    {"in a raw text", "kernel/mm/a.h", "auto a = R\"x(__arm__ \" )x\";\n", ""},
    {"architecture", "kernel/mm/a.h", "#ifdef __arm__\n#endif\n", "__arm__: only arch/ knows"},
    {"architecture in a condition", "kernel/init/a.cc", "#if !defined(__x86_64__)\n#endif\n",
     "only arch/ knows"},
    {"architecture in arch", "arch/arm/ops/a.cc", "#ifdef __arm__\n#endif\n", ""},
    {"the image's link address", "kernel/init/a.cc", "int64_t a = 0xFFFF'FFFF'8010'0000;\n",
     "0xffffffff80100000 is where osz links"},
    {"a region's base", "arch/arm/boot/start.S", "ldr r0, =0x80000000\n",
     "the base of direct in sos"},
    {"a region's last byte", "kernel/mm/a.h", "x = 0xff7FffffUL;\n",
     "the last byte of direct in sos"},
    {"inside a region", "arch/x86_64/boot/start.S", "mov $0xffffffff80123456, %rax\n",
     "inside image in osz"},
    {"five levels", "kernel/mm/a.h", "x = 0xFF00'0000'0000'0000;\n", "the base of shared in osz"},
    {"in decimal", "kernel/mm/a.h", "x = 2147483648;\n", "the base of direct in sos"},
    {"above user space of 3 GiB", "kernel/mm/a.h", "x = 0xC000'0000;\n",
     "the base of direct in kora"},
    {"where one machine links", "arch/x86_64/boot/a.S", "mov $0xc0100000, %eax\n",
     "where kora links"},
    {"where another links", "arch/arm/boot/a.S", "ldr r0, =0xC0010000\n", "where kora links"},
    {"far above the image", "kernel/mm/a.h", "x = 0xFFFF'8400'0000'0000;\n",
     "the base of direct in lfos"},
    {"inside a heap of areas", "arch/x86_64/ops/a.cc", "x = 0xFFFF'8001'2345'6789;\n",
     "inside heap in lfos"},
    {"in a linker script", "arch/arm/boot/kernel.ld", ". = 0x80010000;\n", "where sos links"},
    {"a size", "kernel/mm/a.h", "x = 0x200000;\n", ""},
    {"all ones", "kernel/mm/a.h", "x = 0xFFFF'FFFF'FFFF'FFFF;\n", ""},
    {"in a layout", "layouts/osz.h", "x = 0xFFFF'FFFF'8010'0000;\n", ""},
    {"in a test", "kernel/mm/a_test.cc", "x = 0xFFFF'FFFF'8010'0000;\n", ""},
    {"with an exception", "kernel/mm/excepted.h", "x = 0x80000000;\n", ""},
};

TEST(LayerRules, Sources) {
  const Exceptions exceptions = {{"kernel/mm/excepted.h", "0x80000000"}};
  for (const SourceRow& row : kSourceRows) {
    Exceptions used;
    const std::vector<Fault> faults = CheckSource(row.path, row.text, exceptions, used);
    EXPECT_EQ(faults.size(), row.fault.empty() ? 0u : 1u) << row.name;
    if (faults.empty()) continue;
    EXPECT_NE(faults.front().what.find(row.fault), std::string::npos)
        << row.name << ": " << faults.front().what;
  }
}

TEST(LayerRules, UsedExceptionsAreTold) {
  const Exceptions exceptions = {{"kernel/mm/a.h", "0x80000000"}};
  Exceptions used;
  EXPECT_TRUE(CheckSource("kernel/mm/a.h", "\n\nx = 0x8000'0000u;\n", exceptions, used).empty());
  EXPECT_EQ(used, exceptions);
}

TEST(LayerRules, FaultsNameTheirLine) {
  Exceptions used;
  const std::vector<Fault> faults =
      CheckSource("kernel/mm/a.h", "/* two\nlines */\n#include \"arch/ops/cpu.h\"\n", {}, used);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults.front().line, 3);
}

struct BuildRow {
  std::string_view name;
  std::string_view package;
  std::string_view text;
  bool good;
};

constexpr BuildRow kBuildRows[] = {
    {"down", "kernel/mm", "cc_library(\n    deps = [\"//kernel/base:bits\"],\n)\n", true},
    {"up", "kernel/mm", "cc_library(\n    deps = [\"//kernel/init\"],\n)\n", false},
    {"to arch", "kernel/mm", "cc_library(\n    deps = [\"//arch/arm/facts:policy\"],\n)\n", false},
    {"to layouts", "kernel/mm", "cc_library(\n    deps = [\"//layouts:osz\"],\n)\n", false},
    {"a test to layouts", "kernel/mm", "mm_test(\n    deps = [\"//layouts:osz\"],\n)\n", true},
    {"a library after a test", "kernel/mm",
     "mm_test(\n    name = \"a\",\n)\n\ncc_library(\n    deps = [\"//layouts:osz\"],\n)\n", false},
    {"visibility", "kernel/mm", "_UP = [\"//arch:__subpackages__\"]\n", true},
    {"load", "kernel/mm", "load(\"//tools/lint:a.bzl\", \"a\")\n", true},
    {"comment", "kernel/mm", "# \"//kernel/init\"\n", true},
    {"a tool to what it works on", "tools/boot", "sh_binary(\n    data = [\"//kernel\"],\n)\n",
     true},
    {"the outside check to itself", "tools/layoutcheck",
     "cc_library(\n    deps = [\":a\", \"@nlohmann_json//:json\"],\n)\n", true},
    {"the outside check to mm", "tools/layoutcheck",
     "cc_library(\n    deps = [\"//kernel/mm/facts:range\"],\n)\n", false},
    {"a test of the outside check to mm", "tools/layoutcheck",
     "cc_test(\n    deps = [\"//kernel/mm/facts:range\"],\n)\n", false},
    {"the outside check to layouts", "tools/layoutcheck",
     "cc_binary(\n    deps = [\"//layouts:osz\"],\n)\n", false},
    {"the outside check to test support", "tools/layoutcheck",
     "cc_test(\n    deps = [\"//testing/unit:text_buffer\"],\n)\n", false},
    {"init to arch", "kernel/init", "cc_library(\n    deps = [\"//arch:ops\"],\n)\n", true},
    {"init to one architecture", "kernel/init",
     "cc_library(\n    deps = [\"//arch/arm/ops\"],\n)\n", false},
};

TEST(LayerRules, BuildFiles) {
  for (const BuildRow& row : kBuildRows) {
    EXPECT_EQ(CheckBuildFile(row.package, row.text).empty(), row.good) << row.name;
  }
}

struct UnitTestRow {
  std::string_view name;
  std::string_view text;
  std::string_view kernel_build_file;
  bool good;
};

TEST(LayerRules, UnitTestsRunInTheKernelsToo) {
  constexpr std::string_view kText =
      "cc_test(\n    name = \"host_test\",\n)\n\nmm_test(\n    name = \"a_test\",\n)\n";
  constexpr UnitTestRow kRows[] = {
      {"listed", kText, "[\"//kernel/mm:a_test_in_kernel\"]", true},
      {"missing", kText, "[\"//kernel/mm:b_test_in_kernel\"]", false},
      {"part of another name", kText, "[\"//kernel/mm:a_test_in_kernel_too\"]", false},
      {"another package's", kText, "[\"//kernel/base:a_test_in_kernel\"]", false},
      {"none", "cc_library(\n    name = \"a\",\n)\n", "", true},
  };
  for (const UnitTestRow& row : kRows) {
    const std::vector<Fault> faults =
        layering::CheckUnitTests("kernel/mm", row.text, row.kernel_build_file);
    EXPECT_EQ(faults.empty(), row.good) << row.name;
  }
}

}  // namespace
