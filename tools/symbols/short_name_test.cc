#include "tools/symbols/short_name.h"

#include "gtest/gtest.h"

namespace symbols {
namespace {

struct Row {
  const char* linker_name;
  const char* short_name;
};

constexpr Row kRows[] = {
    {"start_long_mode", "start_long_mode"},
    {"_ZN6kernel4MainERKNS_8BootInfoE", "kernel::Main"},
    {"_ZN6kernel12_GLOBAL__N_14HelpEv", "kernel::(anonymous namespace)::Help"},
    {"_ZN4base5PrintIJiiEEEvRNS_4SinkEDpT_", "base::Print<>"},
    {"_ZN2mm9PageTableIN4arch6PolicyEE3MapEv", "mm::PageTable<>::Map"},
    {"_ZNK2mm9MemoryMap7regionsEv", "mm::MemoryMap::regions"},
    {"_ZNK2mm9MemoryMapclEi", "mm::MemoryMap::operator()"},
    {"_ZN2mmlsERNS_4SinkEi", "mm::operator<<"},
    {"_ZN2mmltIiEEbRKT_S3_", "mm::operator<<>"},
    {"_ZNK2mm8PhysAddrssERKS0_", "mm::PhysAddr::operator<=>"},
    {"_ZN2mm5BytesptEv", "mm::Bytes::operator->"},
    {"_Znwm", "operator new"},
    {"_ZNK2mm5FramecvmEv", "mm::Frame::operator unsigned long"},
    {"_ZZN6kernel4MainERKNS_8BootInfoEENK3$_0clEv", "kernel::Main::$_0::operator()"},
    {"_ZZNK2mm3Map4FindEvENKUlvE_clEv", "mm::Map::Find::'lambda'::operator()"},
    {"_Znot_a_mangled_name", "_Znot_a_mangled_name"},
};

TEST(ShortNameTest, LeavesTheNameAlone) {
  for (const Row& row : kRows)
    EXPECT_EQ(ShortName(row.linker_name), row.short_name) << row.linker_name;
}

}  // namespace
}  // namespace symbols
