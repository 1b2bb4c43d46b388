#include "kernel/space/user_range.h"

#include <array>
#include <cstdint>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"
#include "testing/unit/test.h"

namespace {

using mm::Access;
using mm::Service;
using mm::VirtAddr;

constexpr mm::Region Row(uint64_t first, uint64_t last, Access user, Service service) {
  return {.name = "row",
          .range = mm::FromFirstToLast(VirtAddr{first}, VirtAddr{last}),
          .user = user,
          .kernel = Access::kReadWrite,
          .caching = mm::Caching::kNormal,
          .scope = mm::Scope::kProcess,
          .service = service,
          .growth = mm::Growth::kFixed,
          .guards = mm::Guards::kNone,
          .why = "for the test"};
}

// A closed page, two open neighbours, the kernel, and a shared region up to the very top.
constexpr std::array<mm::Region, 5> kRows = {
    Row(0, 0xfff, Access::kNone, Service::kThreadControl),
    Row(0x1000, 0x1fff, Access::kImage, Service::kProgram),
    Row(0x2000, 0x4fff, Access::kReadWrite, Service::kUserHeap),
    Row(0x5000, 0x7fff, Access::kNone, Service::kDirectMap),
    Row(0xffff'ffff'ffff'0000, 0xffff'ffff'ffff'ffff, Access::kReadWrite, Service::kSharedMemory),
};

constexpr mm::Layout kTrial = {
    .name = "trial",
    .shape = {.address_bits = 64,
              .extension = mm::HardwareShape::Extension::kZero,
              .page_bytes = mm::kPageSize},
    .regions = kRows,
    .promised_ram_bytes = 0,
    .direct_map_target = {0},
    .image_link_base = {0x5000},
    .image_load_base = {0},
};

TEST(UserRanges, ContainWhatTheLayoutOpens) {
  struct Case {
    uint64_t base, size;
    bool is_open;
  };
  constexpr uint64_t kTop = 0xffff'ffff'ffff'ffff;
  const std::array<Case, 17> cases = {{
      {0, 0, true},  // nothing is everywhere
      {0x6000, 0, true},
      {0, 1, false},
      {0xfff, 2, false},
      {0x1000, 1, true},
      {0x1fff, 2, true},  // across the border of neighbours
      {0x1000, 0x4000, true},
      {0x1000, 0x4001, false},
      {0x4fff, 1, true},
      {0x4fff, 2, false},
      {0x5000, 1, false},
      {0x1000, kTop, false},
      {0x2000, kTop - 0x1000, false},  // wraps back into the region
      {kTop, 1, true},
      {kTop, 2, false},
      {kTop - 0xffff, 0x10000, true},
      {kTop - 0xffff, 0x12000, false},
  }};
  constexpr kernel::UserRanges kRanges(kTrial);
  for (const Case& one : cases) {
    EXPECT_EQ(kRanges.Contain({VirtAddr{one.base}, one.size}), one.is_open);
  }
}

TEST(UserRanges, NoneContainsNothing) {
  const kernel::UserRanges none;
  EXPECT_FALSE(none.Contain({VirtAddr{0x1000}, 1}));
  EXPECT_TRUE(none.Contain({VirtAddr{0x1000}, 0}));
}

}  // namespace
