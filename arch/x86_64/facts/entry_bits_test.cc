// Each bit of an entry against the manual's number, and what the policy keeps in those left over.
#include <cstdint>
#include <string_view>

#include "arch/x86_64/facts/paging_policy.h"
#include "testing/unit/test.h"

namespace arch::x86_64 {
namespace {

using mm::Access;
using mm::Caching;
using mm::EntryKind;
using mm::PageAttributes;
using mm::PhysAddr;
using mm::Scope;

struct BitRow {
  std::string_view name;
  uint64_t bits;
  uint64_t value;
};

// Intel SDM vol. 3A, tables 4-15 to 4-20.
constexpr BitRow kBits[] = {
    {"P", entry_bits::kPresent, 0x1},
    {"R/W", entry_bits::kWritable, 0x2},
    {"U/S", entry_bits::kUser, 0x4},
    {"PWT", entry_bits::kWriteThrough, 0x8},
    {"PCD", entry_bits::kCacheDisable, 0x10},
    {"A", entry_bits::kAccessed, 0x20},
    {"D", entry_bits::kDirty, 0x40},
    {"PS", entry_bits::kPageSize, 0x80},
    {"PAT of a 4-KByte page", entry_bits::kSmallPat, 0x80},
    {"G", entry_bits::kGlobal, 0x100},
    {"ignored, 11:9", entry_bits::kLowSpare, 0xE00},
    {"PAT of a large page", entry_bits::kLargePat, 0x1000},
    {"ignored, 58:52", entry_bits::kHighSpare, 0x07F0'0000'0000'0000},
    {"ignored in an entry for a table, of 62:52", entry_bits::kCount, 0x3FF0'0000'0000'0000},
    {"XD", entry_bits::kExecuteDisable, 0x8000'0000'0000'0000},
};

TEST(X86EntryBits, AreTheManuals) {
  for (const BitRow& row : kBits) EXPECT_EQ(row.bits, row.value) << row.name;
}

constexpr uint64_t kPage = 0x8000'0000'0000'7163;  // kernel rw, global, accessed and dirty

struct SpareRow {
  std::string_view name;
  uint64_t spare;
  uint64_t bits;
};

constexpr SpareRow kSpares[] = {
    {"none", 0, 0},
    {"the lowest", 0x1, 0x200},
    {"bit 11", 0x4, 0x800},
    {"bit 52", 0x8, 0x0010'0000'0000'0000},
    {"the highest", 0x200, 0x0400'0000'0000'0000},
    {"all", 0x3FF, 0x07F0'0000'0000'0E00},
};

// They are software's alone: nothing else of the entry changes, on any level, and they stay.
TEST(X86EntryBits, KeepSpareBits) {
  for (const SpareRow& row : kSpares) {
    for (unsigned level = 0; level <= 2; ++level) {
      const uint64_t leaf = level == 0 ? kPage : 0x8000'0000'4000'01E3;
      const uint64_t with = PagingPolicy::WithSpare(leaf, row.spare, level);
      EXPECT_EQ(with, leaf | row.bits) << row.name;
      EXPECT_EQ(PagingPolicy::SpareOf(with, level), row.spare) << row.name;
      EXPECT_EQ(PagingPolicy::WithSpare(with, 0, level), leaf) << row.name;
      EXPECT_EQ(PagingPolicy::TargetOf(with, level), PagingPolicy::TargetOf(leaf, level));
      EXPECT_EQ(PagingPolicy::KindOf(with, level), EntryKind::kLeaf) << row.name;
      constexpr PageAttributes kConstants{Access::kNone, Access::kRead, Caching::kNormal,
                                          Scope::kGlobal};
      const uint64_t changed = PagingPolicy::WithAttributes(with, kConstants, level);
      EXPECT_EQ(PagingPolicy::SpareOf(changed, level), row.spare) << row.name;
      if (level == 0) continue;
      const uint64_t part = PagingPolicy::PartOf(with, level, 3);
      EXPECT_EQ(PagingPolicy::SpareOf(part, level - 1), row.spare) << row.name;
    }
  }
}

struct MarkRow {
  std::string_view name;
  uint64_t mark;
  uint64_t entry;
};

// Absent, and with the address of no memory.
constexpr MarkRow kMarks[] = {
    {"the lowest", 0x1, 0x000F'FFFF'FFFF'E000},
    {"another", 0x1234'5678, 0x000F'FEDC'BA98'7000},
    {"32 bits", 0xFFFF'FFFF, 0x000F'F000'0000'0000},
    {"the 33rd", 0x1'0000'0000, 0x000F'FFFF'FFFF'F004},
    {"the highest", 0x3FF'FFFF'FFFF, 0x000F'F000'0000'0FFC},
};

TEST(X86EntryBits, HoldMarks) {
  for (const MarkRow& row : kMarks) {
    EXPECT_EQ(PagingPolicy::MakeMark(row.mark), row.entry) << row.name;
    EXPECT_EQ(PagingPolicy::MarkOf(row.entry), row.mark) << row.name;
    for (unsigned level = 0; level < PagingPolicy::kLevelCount; ++level) {
      EXPECT_EQ(PagingPolicy::KindOf(row.entry, level), EntryKind::kMark) << row.name;
    }
  }
}

TEST(X86EntryBits, CountEntriesOfATable) {
  constexpr uint64_t kTable = 0x5007;
  for (const uint64_t count : {0, 1, 511, 512}) {
    const uint64_t entry = PagingPolicy::WithLiveEntries(kTable, count);
    EXPECT_EQ(entry, kTable | count << 52);
    EXPECT_EQ(PagingPolicy::LiveEntries(entry), count);
    EXPECT_EQ(PagingPolicy::TargetOf(entry, 1), PhysAddr{0x5000});
    EXPECT_EQ(PagingPolicy::WithLiveEntries(entry, 0), kTable);
  }
}

TEST(X86EntryBits, TellGlobalPages) {
  EXPECT_TRUE(PagingPolicy::IsGlobal(kPage, 0));
  EXPECT_FALSE(PagingPolicy::IsGlobal(kPage & ~uint64_t{0x100}, 0));
}

}  // namespace
}  // namespace arch::x86_64
