#include "kernel/fs/file_table.h"

#include <array>

#include "kernel/fs/file_world.h"
#include "testing/unit/test.h"

namespace fs {
namespace {

using posix::Errno;

struct Table {
  Ref<OpenFile> NewFile() { return *root->Open(posix::open_flag::kReadOnly); }
  int Add(CloseOnExec close_on_exec = CloseOnExec::kNo, int lowest = 0) {
    const posix::Result<int> added = files->Add(NewFile(), close_on_exec, lowest);
    EXPECT_TRUE(files->CheckInvariants().has_value());
    return added ? *added : -static_cast<int>(added.error());
  }
  bool Close(int descriptor) {
    const bool closed = files->Close(descriptor).has_value();
    EXPECT_TRUE(files->CheckInvariants().has_value());
    return closed;
  }

  FileWorld world;
  Ref<Inode> root = *world.system.MakeRoot();
  Ref<FileTable> files = *MakeObject<FileTable>(world.memory);
};

TEST(FileTable, GivesTheLowestNumber) {
  Table table;
  for (int i = 0; i < 40; ++i) EXPECT_EQ(table.Add(), i);
  EXPECT_TRUE(table.Close(7));
  EXPECT_TRUE(table.Close(3));
  EXPECT_FALSE(table.Close(3));
  EXPECT_EQ(table.Add(CloseOnExec::kNo, 5), 7);
  EXPECT_EQ(table.Add(), 3);
  EXPECT_EQ(table.Add(), 40);
  EXPECT_EQ(table.files->ScanFor(0), 0);
  EXPECT_TRUE(table.Close(0));
  EXPECT_EQ(table.files->ScanFor(0), 1);
  EXPECT_EQ(table.files->ScanFor(41), -1);
}

TEST(FileTable, KnowsNoOtherNumbers) {
  Table table;
  EXPECT_EQ(table.Add(), 0);
  for (const int descriptor : {-1, 1, 15, 16, 1 << 30, -2147483647}) {
    EXPECT_TRUE(table.files->Find(descriptor) == nullptr) << descriptor;
    EXPECT_TRUE(table.files->Close(descriptor).error() == Errno::kBadDescriptor) << descriptor;
    EXPECT_FALSE(table.files->SetCloseOnExec(descriptor, CloseOnExec::kYes).has_value());
  }
}

TEST(FileTable, EndsAtItsLimit) {
  Table table;
  table.files->SetLimit(3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(table.Add(), i);
  EXPECT_EQ(table.Add(), -static_cast<int>(Errno::kTooManyFiles));
  EXPECT_EQ(table.Add(CloseOnExec::kNo, 3), -static_cast<int>(Errno::kInvalid));
  EXPECT_TRUE(table.files->Place(table.NewFile(), 3, CloseOnExec::kNo).error() ==
              Errno::kBadDescriptor);
  table.files->SetLimit(1 << 30);
  EXPECT_EQ(table.files->limit(), FileTable::kMostDescriptors);
  EXPECT_EQ(table.Add(), 3);
}

TEST(FileTable, PlacesOverWhatIsThere) {
  Table table;
  EXPECT_EQ(table.Add(CloseOnExec::kYes), 0);
  const Ref<OpenFile> file = table.NewFile();
  EXPECT_EQ(*table.files->Place(file, 0, CloseOnExec::kNo), 0);
  EXPECT_EQ(*table.files->Place(file, 30, CloseOnExec::kNo), 30);
  EXPECT_TRUE(table.files->CheckInvariants().has_value());
  EXPECT_EQ(file->references(), 3U);
  EXPECT_TRUE(*table.files->close_on_exec(0) == CloseOnExec::kNo);
  EXPECT_EQ(table.files->open_files(), 2U);
  EXPECT_EQ(table.Add(), 1);
}

TEST(FileTable, ExecClosesWhatAsksForIt) {
  Table table;
  for (int i = 0; i < 6; ++i) table.Add(i % 2 == 0 ? CloseOnExec::kYes : CloseOnExec::kNo);
  ASSERT_TRUE(table.files->SetCloseOnExec(1, CloseOnExec::kYes).has_value());
  ASSERT_TRUE(table.files->SetCloseOnExec(2, CloseOnExec::kNo).has_value());
  const Ref<FileTable> copy = *table.files->Copy();
  table.files->CloseOnExecFiles();
  EXPECT_TRUE(table.files->CheckInvariants().has_value());
  std::array<char, 7> open = {};
  for (int i = 0; i < 6; ++i) open[static_cast<size_t>(i)] = table.files->Find(i) ? '1' : '0';
  EXPECT_EQ(std::string_view(open.data()), "001101");
  // The copy keeps all, and shares the descriptions.
  EXPECT_EQ(copy->open_files(), 6U);
  EXPECT_TRUE(copy->Find(3) == table.files->Find(3));
  copy->CloseRange(2, 4);
  EXPECT_TRUE(copy->CheckInvariants().has_value());
  EXPECT_EQ(copy->open_files(), 3U);
  // One with holes as well.
  const Ref<FileTable> second = *copy->Copy();
  EXPECT_TRUE(second->CheckInvariants().has_value());
  for (int i = 0; i < 7; ++i) EXPECT_TRUE(second->Find(i) == copy->Find(i)) << i;
}

TEST(FileTable, LacksMemoryWithoutHarm) {
  Table table;
  for (int i = 0; i < 16; ++i) table.Add();
  const Ref<OpenFile> file = table.NewFile();
  table.world.memory.failure.FailAfter(0);
  EXPECT_TRUE(table.files->Add(file, CloseOnExec::kNo).error() == Errno::kOutOfMemory);
  EXPECT_TRUE(table.files->Copy().error() == Errno::kOutOfMemory);
  table.world.memory.failure.FailNothing();
  EXPECT_EQ(file->references(), 1U);
  EXPECT_TRUE(table.files->CheckInvariants().has_value());
  EXPECT_EQ(table.Add(), 16);
}

}  // namespace
}  // namespace fs
