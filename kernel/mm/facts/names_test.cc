// What people read of each enumeration: every value has its own words, and a value that does not
// exist is no harm.
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "kernel/mm/checks/verify_fault.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/fault_info.h"
#include "kernel/mm/facts/layout_fault.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/frames/frame_types.h"
#include "kernel/mm/heap/object_fault.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

// `names` are those of the values 0, 1, 2, … ; the next value is none.
template <class Enumeration>
void ExpectNames(std::string_view (*name_of)(Enumeration), std::string_view no_value,
                 std::initializer_list<std::string_view> names) {
  uint8_t value = 0;
  for (const std::string_view name : names) {
    EXPECT_EQ(name_of(static_cast<Enumeration>(value)), name);
    EXPECT_NE(name, no_value);
    ++value;
  }
  EXPECT_EQ(name_of(static_cast<Enumeration>(value)), no_value);
}

TEST(Names, Attributes) {
  ExpectNames(&ScopeName, "unknown", {"global", "process", "thread"});
  ExpectNames(&GrowthName, "unknown", {"fixed", "up", "down"});
  ExpectNames(&GuardsName, "unknown", {"none", "below", "around"});
  ExpectNames(&ServiceName, "unknown",
              {"unused", "thread control block", "message queue", "program", "libraries",
               "user heap", "user stack", "shared memory", "direct map", "kernel image",
               "kernel heap", "vmalloc", "windows", "boot scratchpad", "page objects"});
  EXPECT_EQ(CachingName(Caching::kNormal), "normal");
  EXPECT_EQ(CachingName(Caching::kDevice), "device");
}

TEST(Names, Faults) {
  ExpectNames(&AccessKindName, "access", {"read", "write", "execute"});
  ExpectNames(&FaultCauseName, "unknown cause",
              {"not mapped", "not permitted", "misaligned", "hardware error"});
}

TEST(Names, FramesAndObjects) {
  ExpectNames(&ZoneName, "unknown", {"dma", "normal", "high"});
  ExpectNames(&FreeFaultName, "unknown",
              {"double free", "free of a reserved frame", "free of a frame out of range",
               "free from the middle of a run", "free of a run with another length"});
  ExpectNames(&ObjectFaultName, "unknown fault",
              {"no object of a slab cache", "object of another cache", "interior pointer",
               "double free", "written past its end", "written after it was freed"});
}

TEST(Names, MemoryStates) {
  ExpectNames(&MemoryStateName, "unknown",
              {"usable", "firmware, reclaimable", "firmware, reserved", "unusable",
               "firmware tables", "kernel image", "module", "kernel tables", "page descriptors"});
}

TEST(Names, LayoutFaults) {
  ExpectNames(&LayoutFaultName, "has an unknown fault",
              {"is empty",
               "is not whole pages",
               "wraps past the top of the address space",
               "lies outside what the hardware can address",
               "is not in ascending order",
               "overlaps the row before it",
               "is writable and executable",
               "gives user mode a right in a kernel region",
               "gives a right in an unused region",
               "lacks a guard page",
               "is a direct map smaller than the promised RAM",
               "does not hold the kernel image where it is linked",
               "has no name or no reason",
               "has the name of an earlier row",
               "has addresses or pages of an impossible size",
               "is one row too many",
               "has the service of an earlier row",
               "lacks a right that its service needs",
               "is the kernel's and not global",
               "is a process's own and global",
               "lets devices in where only RAM belongs",
               "is for areas and lets no device in",
               "is a direct map that starts inside a frame",
               "is a direct map of more than physical addresses reach",
               "has no direct map",
               "has no row for areas",
               "holds an image that does not start with a page",
               "has parts that share a page and not their rights",
               "has a stack above a part that is written"});
  EXPECT_FALSE(Refuse(0, "a region", "has a fault"));
}

TEST(Names, VerifyFaults) {
  ExpectNames(&VerifyFaultName, "unknown fault",
              {"mapping outside every region", "mapping in an unused region", "user access",
               "more access than the region allows", "writable and executable",
               "writable alias of code or constants", "wrong caching",
               "device of a process that drives none", "wrong scope", "guard page mapped",
               "hole in the direct map", "direct map shows other memory",
               "mapping outside the image's sections", "not the rights of the image's section",
               "hole in the image's section", "image's section shows other memory",
               "image's part not as the layout packs it", "page table walk out of order",
               "too many executable ranges to check"});
}

}  // namespace
}  // namespace mm
