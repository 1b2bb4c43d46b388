// What only the host can show: processors at once, memory behind the frames, and the death of a
// program.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/mm/debug.h"
#include "kernel/mm/frames/direct_map_pages.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/mm/frames/physical_memory_test_machine.h"
#include "kernel/sync/cpu.h"

namespace mm {
namespace {

constexpr unsigned kProcessors = 4;
constexpr size_t kBlocks = 8;
constexpr FirmwareRange kRam[] = {{{0}, kBlocks* kBlockFrames* kPageSize, FirmwareKind::kRam}};
constexpr ZoneLimits kZones = {.normal_first = {kBlockFrames},
                               .high_first = {kBlocks * kBlockFrames}};

using Machine = FakeMachine<kBlocks, kProcessors>;

// Runs move between processors: each frees what another allocated.
TEST(PhysicalMemoryThreads, NoFrameIsGivenOutTwice) {
  const auto machine = std::make_unique<Machine>();
  PhysicalMemory& memory = machine->Start(kRam, kZones);
  std::vector<std::atomic<int>> owners(kBlocks * kBlockFrames);
  std::array<std::atomic<uint64_t>, 256> table{};  // a run each: 1 + frame * 16 + order, or 0
  std::array<std::thread, kProcessors> threads;
  for (unsigned index = 0; index < kProcessors; ++index) {
    threads[index] = std::thread([&, index] {
      const locking::ThreadAsCpu cpu(index);
      std::mt19937_64 random(index);
      for (int round = 0; round < 20'000; ++round) {
        uint64_t mine = 0;
        const unsigned order = random() % 4 == 0 ? static_cast<unsigned>(random() % 10) : 0;
        if (const auto run = memory.AllocateOrder(order)) {
          for (uint64_t i = 0; i < 1U << order; ++i) EXPECT_EQ(owners[run->value + i]++, 0);
          mine = 1 + run->value * 16 + order;
        }
        const uint64_t other = table[random() % table.size()].exchange(mine);
        if (other == 0) continue;
        const uint64_t first = (other - 1) / 16;
        const unsigned its_order = static_cast<unsigned>((other - 1) % 16);
        for (uint64_t i = 0; i < 1U << its_order; ++i) --owners[first + i];
        EXPECT_TRUE(memory.FreeOrder({first}, its_order).has_value());
      }
      memory.DrainThisCpu();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::atomic<uint64_t>& entry : table) {
    if (entry == 0) continue;
    const unsigned order = static_cast<unsigned>((entry - 1) % 16);
    EXPECT_TRUE(memory.FreeOrder({(entry - 1) / 16}, order).has_value());
  }
  memory.DrainThisCpu();
  EXPECT_EQ(memory.FreePages(), PageCount{kBlocks * kBlockFrames});
  EXPECT_EQ(memory.late_faults(), 0U);
  EXPECT_TRUE(memory.CheckInvariants().has_value());
}

// The second of two processors that free a frame is noticed when the frame comes back from it.
TEST(PhysicalMemoryThreads, CountsALateDoubleFree) {
  const auto machine = std::make_unique<Machine>();
  PhysicalMemory& memory = machine->Start(kRam, kZones);
  const FrameNumber frame = *memory.AllocateFrame();
  for (unsigned index = 0; index < 2; ++index) {
    const locking::ThreadAsCpu cpu(index);
    EXPECT_TRUE(memory.FreeFrame(frame).has_value());
  }
  for (unsigned index = 0; index < 2; ++index) {
    const locking::ThreadAsCpu cpu(index);
    memory.DrainThisCpu();
  }
  EXPECT_EQ(memory.late_faults(), 1U);
  EXPECT_EQ(memory.FreePages(), PageCount{kBlocks * kBlockFrames});
  EXPECT_TRUE(memory.CheckInvariants().has_value());
}

// A run goes back once; each further free is refused, or counted when it comes back.
TEST(PhysicalMemoryThreads, CountsLateDoubleFreesOfEveryOrder) {
  const auto machine = std::make_unique<Machine>();
  for (unsigned order = 0; order <= kBlockOrder; ++order) {
    PhysicalMemory& memory = machine->Start(kRam, kZones);
    const FrameNumber run = *memory.AllocateOrder(order);
    unsigned accepted = 0;
    for (unsigned index = 0; index < kProcessors; ++index) {
      const locking::ThreadAsCpu cpu(index);
      const auto freed = memory.FreeOrder(run, order);
      if (freed) ++accepted;
      EXPECT_TRUE(freed || freed.error() == FreeFault::kDoubleFree) << order;
    }
    EXPECT_GE(accepted, 1U) << order;
    for (unsigned index = 0; index < kProcessors; ++index) {
      const locking::ThreadAsCpu cpu(index);
      memory.DrainThisCpu();
    }
    EXPECT_EQ(memory.late_faults(), accepted - 1) << order;
    EXPECT_EQ(memory.FreePages(), PageCount{kBlocks * kBlockFrames}) << order;
    EXPECT_TRUE(memory.CheckInvariants().has_value()) << order;
    EXPECT_TRUE(memory.FreeOrder(run, order) == std::unexpected(FreeFault::kDoubleFree)) << order;
  }
}

// All processors free the same frames at once, each in an order of its own.
TEST(PhysicalMemoryThreads, CountsLateDoubleFreesAtOnce) {
  constexpr size_t kFreed = 1024;
  const auto machine = std::make_unique<Machine>();
  PhysicalMemory& memory = machine->Start(kRam, kZones);
  std::vector<FrameNumber> frames(kFreed);
  for (FrameNumber& frame : frames) frame = *memory.AllocateFrame();
  std::atomic<uint64_t> accepted = 0;
  std::array<std::thread, kProcessors> threads;
  for (unsigned index = 0; index < kProcessors; ++index) {
    threads[index] = std::thread([&, index] {
      const locking::ThreadAsCpu cpu(index);
      for (size_t i = 0; i < kFreed; ++i) {
        const auto freed = memory.FreeFrame(frames[(i * (2 * index + 1)) % kFreed]);
        if (freed) ++accepted;
        EXPECT_TRUE(freed || freed.error() == FreeFault::kDoubleFree);
      }
      memory.DrainThisCpu();
    });
  }
  for (std::thread& thread : threads) thread.join();
  memory.DrainThisCpu();
  EXPECT_GE(accepted, kFreed);
  EXPECT_EQ(memory.late_faults(), accepted - kFreed);
  EXPECT_EQ(memory.FreePages(), PageCount{kBlocks * kBlockFrames});
  EXPECT_TRUE(memory.CheckInvariants().has_value());
}

// A frame that two processors freed is part of a run when the second one gives it back.
TEST(PhysicalMemoryThreads, ALateDoubleFreeLeavesARunAlone) {
  constexpr uint64_t kRunFirst = 8;
  constexpr PageCount kRunPages{6};
  for (const uint64_t freed_twice : {kRunFirst, kRunFirst + 2, kRunFirst + kRunPages.value - 1}) {
    const auto machine = std::make_unique<Machine>();
    PhysicalMemory& memory = machine->Start(kRam, kZones);
    while (memory.AllocateFrame(ZoneKind::kHigh)) {
    }
    {
      const locking::ThreadAsCpu cpu(1);
      EXPECT_TRUE(memory.FreeFrame({freed_twice}).has_value());
    }
    for (uint64_t i = 0; i < kRunPages.value; ++i) {
      EXPECT_TRUE(memory.FreeFrame({kRunFirst + i}).has_value());
    }
    memory.DrainThisCpu();
    const auto run = memory.Allocate({.pages = kRunPages});
    ASSERT_TRUE(run == FrameNumber{kRunFirst}) << freed_twice;
    {
      const locking::ThreadAsCpu cpu(1);
      memory.DrainThisCpu();
    }
    EXPECT_EQ(memory.late_faults(), 1U) << freed_twice;
    EXPECT_TRUE(memory.CheckInvariants().has_value()) << freed_twice;
    EXPECT_TRUE(memory.Free(*run, kRunPages).has_value()) << freed_twice;
    EXPECT_TRUE(memory.CheckInvariants().has_value()) << freed_twice;
  }
}

// What processors keep of a small zone does not leave the others without.
TEST(PhysicalMemoryThreads, KeepsLittleOfASmallZone) {
  constexpr uint64_t kFreed = 128;
  const auto machine = std::make_unique<Machine>();
  PhysicalMemory& memory = machine->Start(kRam, kZones);
  while (memory.AllocateFrame(ZoneKind::kHigh)) {
  }
  for (unsigned index = 1; index < kProcessors; ++index) {
    const locking::ThreadAsCpu cpu(index);
    for (uint64_t i = 0; i < kFreed; ++i) {
      EXPECT_TRUE(memory.FreeFrame({(index - 1) * kFreed + i}).has_value());
    }
  }
  ASSERT_TRUE(kProcessors * kFreed <= kZones.normal_first.value);
  EXPECT_EQ(memory.FreePages(), PageCount{(kProcessors - 1) * kFreed});
  EXPECT_TRUE(memory.AllocateFrame(ZoneKind::kHigh).has_value());
  EXPECT_TRUE(memory.CheckInvariants().has_value());
}

// Whoever drops a reference last is told so, and nobody else.
TEST(FrameTableThreads, OneOwnerIsTheLast) {
  constexpr int kRounds = 2'000;
  const auto machine = std::make_unique<Machine>();
  PhysicalMemory& memory = machine->Start(kRam, kZones);
  const FrameNumber frame = *memory.AllocateFrame();
  const FrameTable& table = memory.table();
  for (unsigned owner = 1; owner < kProcessors; ++owner) {
    ASSERT_TRUE(table.AddReference(frame).has_value());
  }
  std::atomic<unsigned> last = 0;
  std::array<std::thread, kProcessors> threads;
  for (std::thread& thread : threads) {
    thread = std::thread([&] {
      // Each has a reference of its own the whole time, so no drop in here is the last.
      for (int round = 0; round < kRounds; ++round) {
        EXPECT_TRUE(table.AddReference(frame).has_value());
        EXPECT_TRUE(table.IsShared(frame));
        EXPECT_FALSE(table.DropReference(frame));
      }
      if (table.DropReference(frame)) ++last;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(last, 1U);
  EXPECT_FALSE(table.IsShared(frame));
  EXPECT_TRUE(memory.FreeFrame(frame).has_value());
}

// A machine with memory.
class RealMachine {
 public:
  RealMachine()
      : pages_(std::make_unique<std::array<Page, kFrames>>()),
        memory_(machine_->Start(kRam, kZones, {{0}, {kFrames}, pages_->data()})) {}

  PhysicalMemory& memory() { return memory_; }
  std::byte* PointerTo(FrameNumber frame) { return (*pages_)[frame.value].bytes.data(); }

 private:
  static constexpr size_t kFrames = Machine::kFrames;
  struct alignas(kPageSize) Page {
    std::array<std::byte, kPageSize> bytes;
  };
  std::unique_ptr<std::array<Page, kFrames>> pages_;
  std::unique_ptr<Machine> machine_ = std::make_unique<Machine>();
  PhysicalMemory& memory_;
};

TEST(PhysicalMemoryContents, ZeroesOnRequest) {
  RealMachine machine;
  for (const PageCount pages : {PageCount{1}, PageCount{4}, PageCount{5}, PageCount{513}}) {
    const FrameRequest dirty = {.pages = pages};
    const FrameNumber run = *machine.memory().Allocate(dirty);
    std::memset(machine.PointerTo(run), 0xA5, static_cast<size_t>(pages.bytes()));
    ASSERT_TRUE(machine.memory().Free(run, pages).has_value());
    FrameRequest request = dirty;
    request.contents = Contents::kZeroed;
    request.highest = ZoneKind::kHigh;
    const FrameNumber zeroed = *machine.memory().Allocate(request);
    for (size_t i = 0; i < pages.bytes(); ++i) {
      ASSERT_EQ(machine.PointerTo(zeroed)[i], std::byte{0}) << pages.value << " " << i;
    }
  }
}

TEST(PhysicalMemoryContents, DebugBuildsPoisonFreedFrames) {
  RealMachine machine;
  const FrameNumber frame = *machine.memory().AllocateFrame();
  std::memset(machine.PointerTo(frame), 0, kPageSize);
  ASSERT_TRUE(machine.memory().FreeFrame(frame).has_value());
  EXPECT_EQ(*machine.PointerTo(frame) != std::byte{0}, kDebug);
  EXPECT_TRUE(machine.memory().AllocateFrame() == frame);
  EXPECT_EQ(machine.memory().table().Of(frame).mark(), 0U);
}

// In other builds the second free is noticed when it comes back.
TEST(PhysicalMemoryContents, DebugBuildsNameADoubleFreeByAnotherProcessor) {
  RealMachine machine;
  const FrameNumber frame = *machine.memory().AllocateFrame();
  {
    const locking::ThreadAsCpu cpu(1);
    ASSERT_TRUE(machine.memory().FreeFrame(frame).has_value());
  }
  const auto again = machine.memory().FreeFrame(frame);
  EXPECT_EQ(again.has_value(), !kDebug);
  EXPECT_TRUE(again || again.error() == FreeFault::kDoubleFree);
}

TEST(PhysicalMemoryDeathTest, DebugBuildsNoticeAWriteAfterFree) {
  if (!kDebug) GTEST_SKIP() << "not a debug build";
  RealMachine machine;
  const FrameNumber frame = *machine.memory().AllocateFrame();
  ASSERT_TRUE(machine.memory().FreeFrame(frame).has_value());
  machine.PointerTo(frame)[100] = std::byte{1};
  EXPECT_DEATH(static_cast<void>(machine.memory().AllocateFrame()), "written_after_free");
}

TEST(PhysicalMemoryDeathTest, DebugBuildsNoticeAFreeOfASharedFrame) {
  if (!kDebug) GTEST_SKIP() << "not a debug build";
  RealMachine machine;
  const FrameNumber frame = *machine.memory().AllocateFrame();
  ASSERT_TRUE(machine.memory().table().AddReference(frame).has_value());
  EXPECT_DEATH(static_cast<void>(machine.memory().FreeFrame(frame)), "mark\\(\\) == 0");
}

// In every build: what has a mark, for example a slab's frame, is nobody's to share.
TEST(FrameTableDeathTest, AMarkedFrameHasOneOwner) {
  RealMachine machine;
  const FrameTable& table = machine.memory().table();
  const FrameNumber marked = *machine.memory().AllocateFrame();
  table.Of(marked).SetMark(FrameDescriptor::kMarked);
  EXPECT_DEATH(static_cast<void>(table.AddReference(marked)), "others < FrameDescriptor::kMarked");
  EXPECT_DEATH(static_cast<void>(table.DropReference(marked)), "others < FrameDescriptor::kMarked");
  EXPECT_DEATH(table.Of(marked).SetMark(FrameDescriptor::kMarked), "mark\\(\\) == 0");
  const FrameNumber shared = *machine.memory().AllocateFrame();
  ASSERT_TRUE(table.AddReference(shared).has_value());
  EXPECT_DEATH(table.Of(shared).SetMark(FrameDescriptor::kMarked), "mark\\(\\) == 0");
  EXPECT_DEATH(table.Of(shared).ClearMark(), "mark\\(\\) >= kMarked");
  EXPECT_DEATH(table.Of(marked).SetMark(1), "mark >= kMarked");
}

TEST(DirectMapPages, AreFramesOfTheDirectMap) {
  RealMachine machine;
  DirectMapPages pages(machine.memory());
  for (unsigned order = 0; order <= kMaxOrder; ++order) {
    const auto run = pages.AllocatePages(order);
    ASSERT_TRUE(run.has_value()) << order;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(*run) % kPageSize, 0U);
    std::memset(*run, 0x5A, kPageSize << order);
    pages.FreePages(*run, order);
  }
  const auto too_much = pages.AllocatePages(13);
  ASSERT_FALSE(too_much.has_value());
  EXPECT_EQ(too_much.error(), base::Error::kOutOfMemory);
  EXPECT_TRUE(machine.memory().CheckInvariants().has_value());
}

}  // namespace
}  // namespace mm
