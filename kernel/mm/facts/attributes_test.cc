#include "kernel/mm/facts/attributes.h"

#include <string_view>

#include "testing/unit/test.h"

namespace {

using mm::Access;

struct NameRow {
  Access access;
  std::string_view name;
};

TEST(Attributes, AccessNames) {
  constexpr NameRow kRows[] = {
      {Access::kNone, "---"},
      {Access::kRead, "r--"},
      {Access::kWrite, "-w-"},
      {Access::kReadWrite, "rw-"},
      {Access::kExecute, "--x"},
      {Access::kReadExecute, "r-x"},
      {Access::kWrite | Access::kExecute, "-wx"},
      {Access::kReadWrite | Access::kExecute, "rwx"},
      {Access::kImage, "w^x"},
      {Access::kReadWrite | Access::kImage, "w^x"},
  };
  for (const NameRow& row : kRows) EXPECT_EQ(mm::AccessName(row.access), row.name) << row.name;
}

TEST(Attributes, AccessAsASet) {
  EXPECT_TRUE(Has(Access::kReadWrite, Access::kRead));
  EXPECT_TRUE(Has(Access::kNone, Access::kNone));
  EXPECT_FALSE(Has(Access::kRead, Access::kReadWrite));
  EXPECT_EQ(Access::kReadWrite & Access::kReadExecute, Access::kRead);
  EXPECT_EQ(Without(Access::kReadWrite, Access::kWrite), Access::kRead);
  EXPECT_EQ(Without(Access::kRead, Access::kWrite), Access::kRead);
}

TEST(Attributes, KernelServices) {
  using mm::Service;
  for (const Service service :
       {Service::kThreadControl, Service::kDirectMap, Service::kImage, Service::kKernelHeap,
        Service::kVmalloc, Service::kWindow, Service::kScratchpad, Service::kPageObjects}) {
    EXPECT_TRUE(mm::IsKernelService(service)) << mm::ServiceName(service);
  }
  for (const Service service :
       {Service::kUnused, Service::kMessageQueue, Service::kProgram, Service::kLibraries,
        Service::kUserHeap, Service::kUserStack, Service::kSharedMemory}) {
    EXPECT_FALSE(mm::IsKernelService(service)) << mm::ServiceName(service);
  }
}

}  // namespace
