#include "kernel/process/pid_table.h"

#include <cstddef>
#include <cstdint>

#include "kernel/base/result.h"
#include "kernel/process/test_memory.h"
#include "testing/unit/test.h"

namespace {

using process::Pid;
using process::PidTable;

// Chunks are about 4 KiB, on either machine.
using Memory = process::TestMemory<260, 4608>;
constinit Memory memory;

// Numbers only need an address, never the thread.
process::UserThread& Somebody() {
  static uint64_t place = 0;
  return *reinterpret_cast<process::UserThread*>(&place);
}

void Release(PidTable& table, Pid pid) {
  table.Of(pid).thread = nullptr;
  table.DropIfFree(pid);
}

TEST(PidTable, BeginsWithOneAndGoesUp) {
  PidTable table(memory);
  for (Pid expected = 1; expected < 300; ++expected) {
    const base::Result<Pid> pid = table.Take(Somebody());
    ASSERT_TRUE(pid.has_value());
    ASSERT_EQ(*pid, expected);
    ASSERT_EQ(table.Find(*pid).thread, &Somebody());
    ASSERT_TRUE(table.CheckInvariants().has_value());
  }
  for (Pid pid = 1; pid < 300; ++pid) Release(table, pid);
  EXPECT_EQ(table.used(), 0u);
}

TEST(PidTable, WhatIsNoNumberNamesNothing) {
  PidTable table(memory);
  for (const Pid pid : {0, -1, 5, PidTable::kLimit, INT32_MAX, INT32_MIN}) {
    EXPECT_TRUE(table.Find(pid).IsFree());
  }
}

TEST(PidTable, ANumberIsInUseWhileItNamesAnything) {
  PidTable table(memory);
  const Pid pid = *table.Take(Somebody());
  auto* const group = reinterpret_cast<process::ProcessGroup*>(&table);
  table.Of(pid).group = group;
  Release(table, pid);
  EXPECT_EQ(table.used(), 1u);
  EXPECT_EQ(table.Find(pid).group, group);
  table.Of(pid).group = nullptr;
  table.DropIfFree(pid);
  EXPECT_EQ(table.used(), 0u);
  EXPECT_TRUE(table.Find(pid).IsFree());
}

TEST(PidTable, NumbersComeBackBehindTheLast) {
  PidTable table(memory);
  for (Pid expected = 1; expected < PidTable::kLimit; ++expected) {
    const Pid pid = *table.Take(Somebody());
    ASSERT_EQ(pid, expected);
    // One in a thousand stays.
    if (pid % 1000 != 0) Release(table, pid);
  }
  EXPECT_EQ(*table.Take(Somebody()), PidTable::kFirstReused);
  Release(table, PidTable::kFirstReused);
  EXPECT_TRUE(table.CheckInvariants().has_value());
  for (Pid pid = 1000; pid < PidTable::kLimit; pid += 1000) Release(table, pid);
  EXPECT_EQ(table.used(), 0u);
}

TEST(PidTable, NumbersThatAreFreeTakeNoMemory) {
  PidTable table(memory);
  const size_t before = memory.used();
  for (unsigned round = 0; round < 40000; ++round) {
    Release(table, *table.Take(Somebody()));
    // Those that come next.
    ASSERT_LE(memory.used() - before, 1u);
  }
}

TEST(PidTable, DropsWhatIsAtHand) {
  PidTable table(memory);
  const size_t before = memory.used();
  table.DropCaches();
  for (Pid expected = 1; expected < 1000; ++expected) {
    const Pid pid = *table.Take(Somebody());
    ASSERT_EQ(pid, expected);
    table.DropCaches();
    ASSERT_EQ(memory.used() - before, 1u);
    ASSERT_EQ(table.Find(pid).thread, &Somebody());
    Release(table, pid);
    table.DropCaches();
    ASSERT_EQ(memory.used(), before);
    ASSERT_TRUE(table.Find(pid).IsFree());
    ASSERT_TRUE(table.CheckInvariants().has_value());
  }
}

TEST(PidTable, AllInUse) {
  PidTable table(memory);
  for (Pid pid = 1; pid < PidTable::kLimit; ++pid) ASSERT_EQ(*table.Take(Somebody()), pid);
  EXPECT_TRUE(table.Take(Somebody()) == std::unexpected(base::Error::kNotFound));
  Release(table, 20000);
  EXPECT_EQ(*table.Take(Somebody()), 20000);
  for (Pid pid = 1; pid < PidTable::kLimit; ++pid) Release(table, pid);
}

TEST(PidTable, OutOfMemoryTakesNothing) {
  PidTable table(memory);
  const size_t before = memory.used();
  memory.SetLimit(before);
  EXPECT_TRUE(table.Take(Somebody()) == std::unexpected(base::Error::kOutOfMemory));
  EXPECT_EQ(table.used(), 0u);
  memory.SetLimit(SIZE_MAX);
  EXPECT_EQ(*table.Take(Somebody()), 1);
  Release(table, 1);
}

TEST(PidTable, ScansForProcesses) {
  PidTable table(memory);
  auto* const process = reinterpret_cast<process::Process*>(&table);
  for (Pid pid = 1; pid <= 700; ++pid) {
    ASSERT_EQ(*table.Take(Somebody()), pid);
    if (pid == 3 || pid == 500) {
      table.Of(pid).process = process;
    } else {
      Release(table, pid);
    }
  }
  EXPECT_EQ(table.ScanForProcess(0), 3);
  EXPECT_EQ(table.ScanForProcess(3), 500);
  EXPECT_EQ(table.ScanForProcess(500), 0);
  EXPECT_EQ(table.ScanForProcess(-5), 3);
}

}  // namespace
