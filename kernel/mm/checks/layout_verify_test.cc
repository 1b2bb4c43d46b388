// The verifier against sabotage: every way to break right tables is a row, with the region and the
// fault that must be named.
#include "kernel/mm/checks/layout_verify.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/base/units.h"
#include "kernel/mm/checks/layout_packing.h"
#include "kernel/mm/checks/layout_verify_world.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/mapping.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"
#include "testing/unit/test.h"

namespace {

using namespace mm::verify_world;  // NOLINT(google-build-using-namespace): the machine under test

using mm::Access;
using mm::Finding;
using mm::PageAttributes;
using mm::PhysAddr;
using mm::VerifyFault;
using mm::VerifyReport;
using mm::VirtAddr;
using mm::VirtRange;

constexpr uint64_t kPage = mm::kPageSize;
constexpr Access kAll = Access::kReadWrite | Access::kExecute;
constexpr PageAttributes kReadWrite = Kernel(Access::kReadWrite);

constexpr PageAttributes WithScope(PageAttributes attributes, mm::Scope scope) {
  attributes.scope = scope;
  return attributes;
}
constexpr PageAttributes WithCaching(PageAttributes attributes, mm::Caching caching) {
  attributes.caching = caching;
  return attributes;
}
constexpr PageAttributes WithUser(PageAttributes attributes, Access user) {
  attributes.user = user;
  return attributes;
}

constexpr PageAttributes kUserDevice = WithCaching(User(Access::kReadWrite), mm::Caching::kDevice);

struct Sabotage {
  std::string_view name;
  void (*apply)(World& world);
  VerifyFault fault;
  std::string_view region;
  VirtAddr va;
};

constexpr VirtAddr kTextAlias = kLowmemBase + 1_MiB;
constexpr VirtAddr kRodataAlias = kTextAlias + 64_KiB;
constexpr VirtAddr kFreeVmalloc = kVmallocBase + 8 * kPage;
constexpr VirtAddr kHighHalfGap = {0xFFFF'9000'0000'0000};

constexpr std::array kNoSuchPart = {mm::PlacedPart{"text", {kText, kPage}}};

constexpr Sabotage kSabotages[] = {
    {"a page outside every region",
     [](World& w) { w.Map(kHighHalfGap, {0x20'0000}, kPage, kReadWrite); },
     VerifyFault::kOutsideEveryRegion, "none", kHighHalfGap},
    {"a page in an unused region",
     [](World& w) { w.Map({0x1000}, {0x30'0000}, kPage, User(Access::kRead)); },
     VerifyFault::kInUnusedRegion,
     "unused",
     {0x1000}},
    {"the user bit in the direct map",
     [](World& w) { w.Change(kLowmemBase + 2_MiB, kPage, WithUser(kReadWrite, Access::kRead)); },
     VerifyFault::kUserAccess, "lowmem", kLowmemBase + 2_MiB},
    {"the user bit in the image",
     [](World& w) { w.Change(kRodata, kPage, WithUser(Kernel(Access::kRead), Access::kRead)); },
     VerifyFault::kUserAccess, "image", kRodata},
    {"an executable direct map",
     [](World& w) { w.Change(kLowmemBase + 5_MiB, kPage, Kernel(Access::kReadExecute)); },
     VerifyFault::kTooMuchAccess, "lowmem", kLowmemBase + 5_MiB},
    {"executable vmalloc",
     [](World& w) { w.Map(kFreeVmalloc, kImageTarget, kPage, Kernel(Access::kReadExecute)); },
     VerifyFault::kTooMuchAccess, "vmalloc", kFreeVmalloc},
    {"user code that can be written",
     [](World& w) { w.Change(kUserBase + 4_KiB, kPage, User(kAll)); },
     VerifyFault::kWritableAndExecutable, "user", kUserBase + 4_KiB},
    {"a writable alias of the text in the direct map",
     [](World& w) { w.Map(kTextAlias + kPage, kImageTarget + kPage, kPage, kReadWrite); },
     VerifyFault::kWritableAlias, "lowmem", kTextAlias + kPage},
    {"a writable alias of the text in the middle of a large mapping",
     [](World& w) { w.Map(kVmallocBase + 1_MiB, {0xF'0000}, 128_KiB, kReadWrite); },
     VerifyFault::kWritableAlias, "vmalloc", kVmallocBase + 1_MiB + 64_KiB},
    {"a writable alias of read-only data",
     [](World& w) { w.Map(kRodataAlias, TargetOf(kRodata), kPage, kReadWrite); },
     VerifyFault::kWritableAlias, "lowmem", kRodataAlias},
    {"a writable alias of user code",
     [](World& w) { w.Map(kUserBase + 1_MiB, {0x20'1000}, kPage, User(Access::kReadWrite)); },
     VerifyFault::kWritableAlias, "user", kUserBase + 1_MiB},
    {"RAM as a device",
     [](World& w) { w.Map(kFreeVmalloc, {0x30'0000}, kPage, kDeviceAttributes); },
     VerifyFault::kWrongCaching, "vmalloc", kFreeVmalloc},
    {"a device that is cached", [](World& w) { w.Map(kFreeVmalloc, kDevice, kPage, kReadWrite); },
     VerifyFault::kWrongCaching, "vmalloc", kFreeVmalloc},
    {"a cached mapping that runs past the end of RAM",
     [](World& w) { w.Map(kFreeVmalloc, {6_MiB - kPage}, 2 * kPage, kReadWrite); },
     VerifyFault::kWrongCaching, "vmalloc", kFreeVmalloc + kPage},
    {"a device where the row has none",
     [](World& w) {
       w.Change(kLowmemBase + 5_MiB, kPage, WithCaching(kReadWrite, mm::Caching::kDevice));
     },
     VerifyFault::kWrongCaching, "lowmem", kLowmemBase + 5_MiB},
    {"a device of a process that drives none",
     [](World& w) { w.Map(kUserBase + 1_MiB, kDevice, kPage, kUserDevice); },
     VerifyFault::kUserDevice, "user", kUserBase + 1_MiB},
    {"RAM as a device of a process that drives some",
     [](World& w) {
       w.set_user_devices(mm::UserDevices::kSome);
       w.Map(kUserBase + 1_MiB, {0x30'0000}, kPage, kUserDevice);
     },
     VerifyFault::kWrongCaching, "user", kUserBase + 1_MiB},
    {"a kernel mapping that is not global",
     [](World& w) { w.Change(kStack, kPage, WithScope(kReadWrite, mm::Scope::kProcess)); },
     VerifyFault::kWrongScope, "image", kStack},
    {"a user mapping that is global",
     [](World& w) {
       w.Change(kUserBase, kPage, WithScope(User(Access::kReadExecute), mm::Scope::kGlobal));
     },
     VerifyFault::kWrongScope, "user", kUserBase},
    {"the guard below a vmalloc area's neighbour",
     [](World& w) { w.Map(kTopPage, {0x30'0000}, kPage, kReadWrite); }, VerifyFault::kGuardMapped,
     "vmalloc", kTopPage},
    {"a hole in the direct map", [](World& w) { w.Unmap(kLowmemBase + 2_MiB, kPage); },
     VerifyFault::kDirectMapHole, "lowmem", kLowmemBase + 2_MiB},
    {"a hole of more than a guard page",
     [](World& w) {
       w.set_direct_map_guard(kLowmemBase + 2_MiB);
       w.Unmap(kLowmemBase + 2_MiB, 2 * kPage);
     },
     VerifyFault::kDirectMapHole, "lowmem", kLowmemBase + 2_MiB},
    {"page tables missing from the direct map",
     [](World& w) { w.Unmap(kTextAlias + kImageBytes, 64_KiB); }, VerifyFault::kDirectMapHole,
     "lowmem", kTextAlias + kImageBytes},
    {"the first page missing", [](World& w) { w.Unmap(kLowmemBase, kPage); },
     VerifyFault::kDirectMapHole, "lowmem", kLowmemBase},
    {"the last page missing", [](World& w) { w.Unmap(kLowmemBase + 6_MiB - kPage, kPage); },
     VerifyFault::kDirectMapHole, "lowmem", kLowmemBase + 6_MiB - kPage},
    {"an entry of the direct map doubled",
     [](World& w) { w.At(kLowmemBase + 5_MiB).target = {2_MiB}; },
     VerifyFault::kDirectMapWrongTarget, "lowmem", kLowmemBase + 5_MiB},
    {"user mode may not read what only the kernel should",
     [](World& w) { w.Change(kData, kPage, WithUser(kReadWrite, Access::kRead)); },
     VerifyFault::kUserAccess, "image", kData},
    {"a page behind the image",
     [](World& w) { w.Map(kStack + kStackBytes, {0x30'0000}, kPage, kReadWrite); },
     VerifyFault::kOutsideImage, "image", kStack + kStackBytes},
    {"writable read-only data", [](World& w) { w.Change(kRodata, kPage, kReadWrite); },
     VerifyFault::kSectionRights, "image", kRodata},
    {"executable data", [](World& w) { w.Change(kData, kPage, Kernel(Access::kReadExecute)); },
     VerifyFault::kSectionRights, "image", kData},
    {"text that cannot run",
     [](World& w) { w.Change(kText + kPage, kPage, Kernel(Access::kRead)); },
     VerifyFault::kSectionRights, "image", kText + kPage},
    {"a section's boundary one page off",
     [](World& w) { w.Change(kRodata, kPage, Kernel(Access::kReadExecute)); },
     VerifyFault::kSectionRights, "image", kRodata},
    {"a page of text missing", [](World& w) { w.Unmap(kText + 8 * kPage, kPage); },
     VerifyFault::kSectionHole, "image", kText + 8 * kPage},
    {"the stack not mapped", [](World& w) { w.Unmap(kStack, kStackBytes); },
     VerifyFault::kSectionHole, "image", kStack},
    {"data that shows other memory", [](World& w) { w.At(kData).target = TargetOf(kData) + kPage; },
     VerifyFault::kSectionWrongTarget, "image", kData},
    {"a part of the image that the layout does not have",
     [](World& w) { w.set_parts(kNoSuchPart); }, VerifyFault::kPartMisplaced, "image", kText},
    {"a walk out of order", [](World& w) { w.walk_backwards(); }, VerifyFault::kUnsortedWalk,
     "vmalloc", kVmallocBase + kPage},
};

bool Names(const VerifyReport& report, const Finding& wanted) {
  for (const Finding& finding : report.findings()) {
    if (finding == wanted) return true;
  }
  return false;
}

TEST(LayoutVerify, RightTablesPass) {
  World world;
  const VerifyReport report = world.Verify();
  EXPECT_TRUE(report.IsGood());
  for (const Finding& finding : report.findings()) {
    ADD_FAILURE() << mm::VerifyFaultName(finding.fault) << finding.va.value;
  }
}

TEST(LayoutVerify, TheDirectMapLeavesOutGuardsOfStacks) {
  World world;
  world.set_direct_map_guard(kLowmemBase + 2_MiB);
  world.Unmap(kLowmemBase + 2_MiB, kPage);
  EXPECT_TRUE(world.Verify().IsGood());
}

TEST(LayoutVerify, AProcessThatDrivesDevicesHasThem) {
  World world;
  world.set_user_devices(mm::UserDevices::kSome);
  world.Map(kUserBase + 1_MiB, kDevice, kPage, kUserDevice);
  EXPECT_TRUE(world.Verify().IsGood());
}

TEST(LayoutVerify, CountsPagesAndMappings) {
  World world;
  const VerifyReport report = world.Verify();
  EXPECT_EQ(report.regions[0].pages, mm::PageCount{0});
  EXPECT_EQ(report.regions[1].pages, mm::PageCount{8});
  EXPECT_EQ(report.regions[2].pages, mm::PagesIn(5_MiB - kImageBytes));
  EXPECT_EQ(report.regions[3].pages, mm::PageCount{52});
  EXPECT_EQ(report.regions[4].pages, mm::PageCount{2});
  EXPECT_EQ(report.mappings, 8u + 1216u + 52u + 2u);
}

TEST(LayoutVerify, LargePagesCountOnce) {
  World world;
  world.At(kLowmemBase).page_bytes = 1_MiB;
  EXPECT_EQ(world.Verify().regions[2].mappings, 1216u - 256u + 1u);
}

TEST(LayoutVerify, EachSabotageIsNamed) {
  for (const Sabotage& sabotage : kSabotages) {
    World world;
    sabotage.apply(world);
    const VerifyReport report = world.Verify();
    EXPECT_FALSE(report.IsGood()) << sabotage.name;
    EXPECT_TRUE(Names(report, {sabotage.fault, sabotage.region, sabotage.va})) << sabotage.name;
  }
}

TEST(LayoutVerify, EachFaultHasASabotage) {
  // kScratchTooSmall has a test of its own below.
  for (unsigned value = 0; value < static_cast<unsigned>(VerifyFault::kScratchTooSmall); ++value) {
    bool has_row = false;
    for (const Sabotage& sabotage : kSabotages) {
      has_row = has_row || sabotage.fault == static_cast<VerifyFault>(value);
    }
    EXPECT_TRUE(has_row) << mm::VerifyFaultName(static_cast<VerifyFault>(value));
  }
}

TEST(LayoutVerify, FaultsAreCountedBeyondThoseKept) {
  World world;
  for (uint64_t page = 0; page < 20; ++page) {
    world.Map({page * 2 * kPage}, {0x30'0000}, kPage, User(Access::kRead));
  }
  const VerifyReport report = world.Verify();
  EXPECT_EQ(report.faults, 20u);
  EXPECT_EQ(report.findings().size(), mm::kMaximumFindings);
  EXPECT_EQ(report.regions[0].faults, 20u);
}

TEST(LayoutVerify, NeighboursWithOneFaultAreOneFinding) {
  World world;
  for (uint64_t page = 0; page < 20; ++page) {
    world.Map({page * kPage}, PhysAddr{0x30'0000 + page * kPage}, kPage, User(Access::kRead));
  }
  EXPECT_EQ(world.Verify().faults, 1u);
}

TEST(LayoutVerify, AMappingAcrossTwoRegionsIsJudgedInBoth) {
  World world;
  const VirtAddr last_unused = kUserBase - kPage;
  world.Unmap(kUserBase, 4_KiB);
  world.Map(last_unused, {0x28'0000}, 2 * kPage, User(kAll));
  const VerifyReport report = world.Verify();
  EXPECT_TRUE(Names(report, {VerifyFault::kInUnusedRegion, "unused", last_unused}));
  EXPECT_TRUE(Names(report, {VerifyFault::kWritableAndExecutable, "user", kUserBase}));
  EXPECT_EQ(report.faults, 2u);
}

TEST(LayoutVerify, TooLittleScratchIsAFault) {
  World world;
  for (uint64_t page = 0; page < 9; ++page) {
    world.Map(kUserBase + 1_MiB + page * kPage, PhysAddr{0x30'0000 + page * 2 * kPage}, kPage,
              User(Access::kReadExecute));
  }
  std::array<mm::PhysRange, 16> scratch;
  const VerifyReport report = world.Verify(scratch);
  ASSERT_FALSE(report.IsGood());
  EXPECT_EQ(report.findings().front().fault, VerifyFault::kScratchTooSmall);
}

// A region for scratchpad and boot stack holds those sections of the image, and nothing else.
TEST(LayoutVerify, AScratchpadMayHaveARegionOfItsOwn) {
  // No whole layout: the rows that this is about.
  constexpr VirtAddr kBase = {0xC000'0000};
  constexpr VirtAddr kStack = kBase + 2 * kPage;
  constexpr VirtAddr kImage = kBase + 4 * kPage;
  static constexpr std::array<mm::Region, 2> kRegions = {{
      {"scratch",
       {kBase, 4 * kPage},
       Access::kNone,
       Access::kReadWrite,
       mm::Caching::kNormal,
       mm::Scope::kGlobal,
       mm::Service::kScratchpad,
       mm::Growth::kDown,
       mm::Guards::kBelow,
       "test"},
      {"image",
       {kImage, 4 * kPage},
       Access::kNone,
       Access::kImage,
       mm::Caching::kNormal,
       mm::Scope::kGlobal,
       mm::Service::kImage,
       mm::Growth::kFixed,
       mm::Guards::kNone,
       "test"},
  }};
  constexpr mm::Layout kSmall = {.name = "test",
                                 .shape = {32, mm::HardwareShape::Extension::kZero, kPage},
                                 .regions = kRegions,
                                 .promised_ram_bytes = 0,
                                 .direct_map_target = {0},
                                 .image_link_base = kImage,
                                 .image_load_base = {0}};
  constexpr std::array kRam = {mm::MemoryRegion{{0}, {8}, mm::MemoryState::kUsable}};
  constexpr std::array kParts = {
      mm::ImageSection{"scratchpad", {kBase, kPage}, {4 * kPage}, Access::kReadWrite},
      mm::ImageSection{"stack", {kStack, 2 * kPage}, {kPage}, Access::kReadWrite},
      mm::ImageSection{"text", {kImage, kPage}, {0}, Access::kReadExecute}};
  constexpr std::array kBelow = {mm::VirtRange{kStack - kPage, kPage}};
  const mm::Mapping scratchpad{{kBase, kPage}, {4 * kPage}, Kernel(Access::kReadWrite), kPage};
  const mm::Mapping text{{kImage, kPage}, {0}, Kernel(Access::kReadExecute), kPage};
  struct Case {
    VirtRange stack;
    mm::PhysAddr target;
    Access access;
    std::optional<Finding> finding;
  };
  const Case kCases[] = {
      {{kStack, 2 * kPage}, {kPage}, Access::kReadWrite, std::nullopt},
      {{kStack, kPage},
       {kPage},
       Access::kReadWrite,
       Finding{VerifyFault::kSectionHole, "scratch", kStack + kPage}},
      {{kStack, 2 * kPage},
       {2 * kPage},
       Access::kReadWrite,
       Finding{VerifyFault::kSectionWrongTarget, "scratch", kStack}},
      {{kStack, 2 * kPage},
       {kPage},
       Access::kRead,
       Finding{VerifyFault::kSectionRights, "scratch", kStack}},
      {{kStack - kPage, 3 * kPage},
       {0},
       Access::kReadWrite,
       Finding{VerifyFault::kGuardMapped, "scratch", kStack - kPage}},
      {{kStack - kPage, 3 * kPage},
       {0},
       Access::kReadWrite,
       Finding{VerifyFault::kOutsideImage, "scratch", kStack - kPage}},
  };
  for (const Case& row : kCases) {
    const std::array mappings = {
        scratchpad, mm::Mapping{row.stack, row.target, Kernel(row.access), kPage}, text};
    std::array<mm::PhysRange, 16> scratch;
    const VerifyReport report =
        mm::VerifyLayout({kSmall, kRam, kParts, kBelow, scratch}, [&](mm::MappingVisitor visit) {
          for (const mm::Mapping& one : mappings) visit(one);
        });
    EXPECT_EQ(report.IsGood(), !row.finding.has_value());
    if (row.finding) EXPECT_TRUE(Names(report, *row.finding));
  }
}

// A layout without a region for the image, which then runs where the direct map shows it.
TEST(LayoutVerify, BesideAnImageInTheDirectMapIsPlainMemory) {
  constexpr VirtAddr kBase = {0xC000'0000};
  constexpr VirtAddr kImage = kBase + kPage;
  static constexpr std::array<mm::Region, 1> kRegions = {{
      {"lowmem",
       {kBase, 4 * kPage},
       Access::kNone,
       Access::kReadWrite | Access::kImage,
       mm::Caching::kNormal,
       mm::Scope::kGlobal,
       mm::Service::kDirectMap,
       mm::Growth::kFixed,
       mm::Guards::kNone,
       "test"},
  }};
  constexpr mm::Layout kLowmemOnly = {.name = "test",
                                      .shape = {32, mm::HardwareShape::Extension::kZero, kPage},
                                      .regions = kRegions,
                                      .promised_ram_bytes = 4 * kPage,
                                      .direct_map_target = {0},
                                      .image_link_base = kImage,
                                      .image_load_base = {kPage}};
  constexpr std::array kRam = {mm::MemoryRegion{{0}, {4}, mm::MemoryState::kUsable}};
  constexpr std::array kText = {
      mm::ImageSection{"text", {kImage, kPage}, {kPage}, Access::kReadExecute}};
  for (const Access beside : {Access::kReadWrite, Access::kRead, Access::kReadExecute}) {
    const std::array mappings = {
        mm::Mapping{{kBase, kPage}, {0}, Kernel(beside), kPage},
        mm::Mapping{{kImage, kPage}, {kPage}, Kernel(Access::kReadExecute), kPage},
        mm::Mapping{{kImage + kPage, 2 * kPage}, {2 * kPage}, Kernel(beside), kPage}};
    std::array<mm::PhysRange, 16> scratch;
    const VerifyReport report =
        mm::VerifyLayout({kLowmemOnly, kRam, kText, {}, scratch}, [&](mm::MappingVisitor visit) {
          for (const mm::Mapping& one : mappings) visit(one);
        });
    const bool is_right = !Has(beside, Access::kExecute);
    EXPECT_EQ(report.faults, is_right ? 0U : 2U) << AccessName(beside);
    EXPECT_EQ(Names(report, {VerifyFault::kTooMuchAccess, "lowmem", kBase}), !is_right)
        << AccessName(beside);
  }
}

// What processes share is mapped in those that use it: no processor keeps it for all.
TEST(LayoutVerify, SharedMemoryIsNotEveryProcesss) {
  constexpr VirtAddr kBase = {0xC000'0000};
  static constexpr std::array<mm::Region, 1> kRegions = {{
      {"shared",
       {kBase, 2 * kPage},
       Access::kReadWrite,
       Access::kReadWrite,
       mm::Caching::kNormal,
       mm::Scope::kGlobal,
       mm::Service::kSharedMemory,
       mm::Growth::kFixed,
       mm::Guards::kNone,
       "test"},
  }};
  constexpr mm::Layout kShared = {.name = "test",
                                  .shape = {32, mm::HardwareShape::Extension::kZero, kPage},
                                  .regions = kRegions,
                                  .promised_ram_bytes = 0,
                                  .direct_map_target = {0},
                                  .image_link_base = {0},
                                  .image_load_base = {0}};
  constexpr std::array kRam = {mm::MemoryRegion{{0}, {4}, mm::MemoryState::kUsable}};
  for (const mm::Scope scope : {mm::Scope::kProcess, mm::Scope::kGlobal}) {
    const mm::Mapping page{
        {kBase + kPage, kPage}, {kPage}, WithScope(User(Access::kReadWrite), scope), kPage};
    std::array<mm::PhysRange, 16> scratch;
    const VerifyReport report = mm::VerifyLayout({kShared, kRam, {}, {}, scratch},
                                                 [&](mm::MappingVisitor visit) { visit(page); });
    const bool is_right = scope == mm::Scope::kProcess;
    EXPECT_EQ(report.IsGood(), is_right);
    EXPECT_EQ(Names(report, {VerifyFault::kWrongScope, "shared", kBase + kPage}), !is_right);
  }
}

// Of an image that processes share, user mode has what its sections say, and nothing beside them.
TEST(LayoutVerify, UserModeHasItsRightsToASharedImage) {
  constexpr VirtAddr kBase = {0};
  static constexpr std::array<mm::Region, 1> kRegions = {{
      {"kernel",
       {kBase, 2 * kPage},
       Access::kImage,
       Access::kReadWrite | Access::kImage,
       mm::Caching::kNormal,
       mm::Scope::kGlobal,
       mm::Service::kDirectMap,
       mm::Growth::kFixed,
       mm::Guards::kNone,
       "test"},
  }};
  static constexpr std::array<mm::Part, 2> kPartsOfTable = {{
      {"text", mm::PartStart::kPage, Access::kReadExecute, Access::kReadExecute, mm::Growth::kFixed,
       "test"},
      {"heap", mm::PartStart::kPage, Access::kNone, Access::kReadWrite, mm::Growth::kUp, "test"},
  }};
  constexpr mm::Layout kShared = {.name = "test",
                                  .shape = {32, mm::HardwareShape::Extension::kZero, kPage},
                                  .regions = kRegions,
                                  .promised_ram_bytes = 2 * kPage,
                                  .direct_map_target = {0},
                                  .image_link_base = kBase,
                                  .image_load_base = {0},
                                  .image_parts = kPartsOfTable};
  constexpr std::array kRam = {mm::MemoryRegion{{0}, {2}, mm::MemoryState::kUsable}};
  constexpr std::array kText = {
      mm::ImageSection{"text", {kBase, kPage}, {0}, Access::kReadExecute, Access::kReadExecute}};
  constexpr std::array kPlaced = {mm::PlacedPart{"text", {kBase, kPage}},
                                  mm::PlacedPart{"heap", {kBase + kPage, kPage}}};
  struct Case {
    Access text;
    Access heap;
    std::optional<Finding> finding;
  };
  const Case kCases[] = {
      {Access::kReadExecute, Access::kNone, std::nullopt},
      {Access::kNone, Access::kNone, Finding{VerifyFault::kSectionRights, "kernel", kBase}},
      {Access::kReadExecute, Access::kRead,
       Finding{VerifyFault::kUserAccess, "kernel", kBase + kPage}},
  };
  for (const Case& row : kCases) {
    const std::array mappings = {
        mm::Mapping{{kBase, kPage}, {0}, WithUser(Kernel(Access::kReadExecute), row.text), kPage},
        mm::Mapping{{kBase + kPage, kPage}, {kPage}, WithUser(kReadWrite, row.heap), kPage}};
    std::array<mm::PhysRange, 16> scratch;
    const VerifyReport report = mm::VerifyLayout({kShared, kRam, kText, {}, scratch, kPlaced},
                                                 [&](mm::MappingVisitor visit) {
                                                   for (const auto& one : mappings) visit(one);
                                                 });
    EXPECT_EQ(report.faults, row.finding.has_value() ? 1U : 0U);
    if (row.finding) EXPECT_TRUE(Names(report, *row.finding));
  }
}

}  // namespace
