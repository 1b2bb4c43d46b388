#include "kernel/mm/checks/layout_report.h"

#include <array>
#include <string_view>

#include "kernel/base/print.h"
#include "kernel/mm/checks/layout_packing.h"
#include "kernel/mm/checks/layout_verify_world.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/layout_digest.h"
#include "layouts/apcpu.h"
#include "layouts/sos.h"
#include "testing/unit/test.h"
#include "testing/unit/text_buffer.h"

namespace {

using namespace mm::verify_world;  // NOLINT(google-build-using-namespace): the machine under test

TEST(LayoutReport, Layout) {
  unit::TextBuffer buffer;
  mm::PrintLayout(buffer, layouts::sos::kLayout);
  EXPECT_EQ(buffer.text(),
            "layout sos: 6 regions\n"
            "  0x0000000000000000-0x000000003fffffff         1 GiB unused   user --- kernel --- "
            "process unused\n"
            "  0x0000000040000000-0x000000007fdfffff      1022 MiB user     user w^x kernel --- "
            "process program\n"
            "  0x000000007fe00000-0x000000007fe00fff         4 KiB tcb      user --- kernel rw- "
            "thread  thread control block\n"
            "  0x000000007fe01000-0x000000007fffffff      2044 KiB mq       user r-- kernel rw- "
            "thread  message queue\n"
            "  0x0000000080000000-0x00000000ff7fffff      2040 MiB direct   user --- kernel w^x "
            "global  direct map\n"
            "  0x00000000ff800000-0x00000000ffffffff         8 MiB vmalloc  user --- kernel rw- "
            "global  vmalloc\n");
}

TEST(LayoutReport, PartsOfApcpu) {
  constexpr std::array kPlaced = {
      mm::PlacedPart{"text", {{0}, 0x3000}},
      mm::PlacedPart{"shared original", {{0x5000}, 0x18}},
      mm::PlacedPart{"kernel shared", {{0x6C00}, 0x18}},
  };
  unit::TextBuffer buffer;
  mm::PrintLayout(buffer, layouts::apcpu::kLayout, kPlaced);
  EXPECT_TRUE(buffer.text().ends_with(
      "image: 3 parts\n"
      "  0x0000000000000000-0x0000000000002fff text            user r-x kernel r-x page\n"
      "  0x0000000000005000-0x0000000000005017 shared original user --- kernel --- page\n"
      "  0x0000000000006c00-0x0000000000006c17 kernel shared   user --- kernel rw- packed\n"));
}

TEST(LayoutReport, Good) {
  World world;
  unit::TextBuffer buffer;
  mm::PrintReport(buffer, kLayout, world.Verify());
  unit::TextBuffer wanted;
  base::Print(wanted,
              "verify unused   ok, 0 pages in 0 mappings\n"
              "verify user     ok, 8 pages in 8 mappings\n"
              "verify lowmem   ok, 1216 pages in 1216 mappings\n"
              "verify image    ok, 52 pages in 52 mappings\n"
              "verify vmalloc  ok, 2 pages in 2 mappings\n"
              "LAYOUT OK world regions=5 mappings=1278 digest={:016x}\n",
              mm::Digest(kLayout));
  EXPECT_EQ(buffer.text(), wanted.text());
}

TEST(LayoutReport, Faults) {
  World world;
  world.Map({0x1000}, {0x30'0000}, mm::kPageSize, User(mm::Access::kRead));
  unit::TextBuffer buffer;
  mm::PrintReport(buffer, kLayout, world.Verify());
  EXPECT_TRUE(buffer.text().starts_with("verify unused   1 fault, 1 page in 1 mapping\n"));
  EXPECT_TRUE(buffer.text().ends_with(
      "verify vmalloc  ok, 2 pages in 2 mappings\n"
      "LAYOUT FAULT unused: mapping in an unused region at 0x0000000000001000\n"));
  EXPECT_EQ(buffer.text().find("LAYOUT OK"), std::string_view::npos);
}

TEST(LayoutReport, MoreFaultsThanAreKept) {
  World world;
  for (uint64_t page = 0; page < 20; ++page) {
    world.Map({page * 2 * mm::kPageSize}, {0x30'0000}, mm::kPageSize, User(mm::Access::kRead));
  }
  unit::TextBuffer buffer;
  mm::PrintReport(buffer, kLayout, world.Verify());
  EXPECT_TRUE(buffer.text().ends_with("LAYOUT FAULT and 4 more\n"));
}

}  // namespace
