#include "kernel/ipc/mailbox.h"

#include <cstddef>
#include <cstdint>
#include <memory>

#include "gtest/gtest.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/regions/frame_window_fake.h"
#include "kernel/sched/host/block.h"
#include "kernel/sched/wait_queue.h"

namespace ipc {
namespace {

constexpr size_t kWindowPages = 510;
constexpr mm::FrameNumber kDirect = mm::FakeFrameWindows::kFirst;
constexpr mm::FrameNumber kHigh = kDirect + mm::PageCount{mm::FakeFrameWindows::kDirect};

struct World {
  explicit World(mm::FrameNumber frame = kHigh)
      : page(reinterpret_cast<const QueuePage*>(windows->Bytes(frame).data())),
        mailbox(*windows, frame, kWindowPages) {}

  void Put(uint32_t function) {
    mailbox.Put({.function = function});
    Check();
  }
  uint32_t Receive() {
    const uint32_t function = page->events[mailbox.Receive()].function;
    Check();
    return function;
  }
  void Check() {
    EXPECT_TRUE(mailbox.CheckInvariants().has_value());
    EXPECT_EQ(windows->open_slots(), 0u);
  }

  std::unique_ptr<mm::FakeFrameWindows> windows = std::make_unique<mm::FakeFrameWindows>();
  const QueuePage* page;
  Mailbox mailbox;
};

TEST(Mailbox, TellsItsReader) {
  const World world;
  EXPECT_EQ(world.page->capacity, QueuePage::kCapacity);
  EXPECT_EQ(world.page->event_bytes, sizeof(Event));
}

// Many times around the ring, with each fill from empty to full.
void GoAround(mm::FrameNumber page) {
  World world(page);
  uint32_t sent = 0;
  uint32_t received = 0;
  for (size_t fill = 1; fill <= QueuePage::kCapacity; ++fill) {
    while (world.mailbox.waiting() < fill) {
      EXPECT_EQ(&world.page->events[sent % QueuePage::kCapacity],
                &world.page->events[world.page->arrived % QueuePage::kCapacity]);
      world.Put(sent++);
    }
    EXPECT_EQ(world.mailbox.IsFull(), fill == QueuePage::kCapacity);
    while (world.mailbox.waiting() > 0) {
      EXPECT_EQ(world.mailbox.Release(), WindowRun{});
      EXPECT_EQ(world.Receive(), received++);
    }
    EXPECT_EQ(world.mailbox.Release(), WindowRun{});
    world.Check();
  }
  EXPECT_EQ(world.page->arrived, sent);
  EXPECT_EQ(world.page->received, sent);
}

TEST(Mailbox, KeepsTheOrder) { GoAround(kHigh); }

TEST(Mailbox, KeepsTheOrderWhereTheDirectMapShowsIt) { GoAround(kDirect); }

// What has been received stays where it is until it is released.
TEST(Mailbox, AReceivedEventTakesRoom) {
  World world;
  for (uint32_t i = 0; i < QueuePage::kCapacity; ++i) world.Put(i);
  EXPECT_EQ(world.Receive(), 0u);
  EXPECT_TRUE(world.mailbox.IsFull());
  EXPECT_EQ(world.mailbox.Release(), WindowRun{});
  EXPECT_FALSE(world.mailbox.IsFull());
  world.Put(QueuePage::kCapacity);
  EXPECT_TRUE(world.mailbox.IsFull());
}

TEST(Mailbox, PagesComeBackWithTheirEvent) {
  World world;
  const auto run = world.mailbox.TakeRun(3);
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(*run, (WindowRun{0, 3}));
  world.mailbox.Put({.function = 1}, *run);
  world.Put(2);
  EXPECT_EQ(world.Receive(), 1u);
  EXPECT_EQ(world.mailbox.TakeRun(1)->first, 3u);
  EXPECT_EQ(world.mailbox.Release(), *run);
  world.mailbox.FreeRun(*run);
  EXPECT_EQ(world.Receive(), 2u);
  EXPECT_EQ(world.mailbox.Release(), WindowRun{});
  EXPECT_EQ(world.mailbox.TakeRun(3)->first, 0u);
}

TEST(Mailbox, TheWindowEnds) {
  World world;
  EXPECT_FALSE(world.mailbox.TakeRun(0).has_value());
  EXPECT_FALSE(world.mailbox.TakeRun(Mailbox::kMostPages + 1).has_value());
  const auto first = world.mailbox.TakeRun(Mailbox::kMostPages);
  ASSERT_TRUE(first.has_value());
  const auto second = world.mailbox.TakeRun(kWindowPages - Mailbox::kMostPages);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->first, Mailbox::kMostPages);
  EXPECT_FALSE(world.mailbox.TakeRun(1).has_value());
  // One hole is as good as another, if it is large enough.
  world.mailbox.FreeRun({.first = 10, .count = 2});
  world.mailbox.FreeRun({.first = kWindowPages - 3, .count = 3});
  EXPECT_EQ(world.mailbox.TakeRun(3)->first, kWindowPages - 3);
  EXPECT_EQ(world.mailbox.TakeRun(2)->first, 10u);
}

TEST(Mailbox, WakesOneForAnEvent) {
  World world;
  const sched::Watch receiver(world.mailbox.has_events());
  const sched::Watch other(world.mailbox.has_events());
  world.Put(1);
  EXPECT_FALSE(receiver.IsAttached());
  EXPECT_TRUE(other.IsAttached());
}

// Whoever has waited longest gets room that comes, even if he runs last.
TEST(Mailbox, OfferedRoomIsKept) {
  World world;
  for (uint32_t i = 0; i < QueuePage::kCapacity; ++i) world.Put(i);
  const sched::Watch first(world.mailbox.has_room());
  const sched::Watch second(world.mailbox.has_room());
  EXPECT_EQ(world.Receive(), 0u);
  EXPECT_EQ(world.mailbox.Release(), WindowRun{});
  world.mailbox.OfferRoom();
  world.Check();
  EXPECT_FALSE(first.IsAttached());
  EXPECT_TRUE(second.IsAttached());
  EXPECT_TRUE(world.mailbox.IsFull()) << "for others";
  world.mailbox.TakeOffered();
  EXPECT_FALSE(world.mailbox.IsFull());
  // He does not use it.
  world.mailbox.OfferRoom();
  EXPECT_FALSE(second.IsAttached());
  EXPECT_TRUE(world.mailbox.HasSlot());
  world.Put(QueuePage::kCapacity);  // what cannot wait
  EXPECT_FALSE(world.mailbox.HasSlot());
  world.mailbox.TakeOffered();
  EXPECT_TRUE(world.mailbox.IsFull());
  world.Check();
}

TEST(Mailbox, ItsEndWakesAll) {
  const auto windows = std::make_unique<mm::FakeFrameWindows>();
  auto mailbox = std::make_unique<Mailbox>(*windows, kHigh, kWindowPages);
  const sched::Watch receiver(mailbox->has_events());
  const sched::Watch sender(mailbox->has_room());
  const sched::Watch other(mailbox->has_room());
  const sched::Watch with_pages(mailbox->has_window());
  const size_t wakes = sched::host::Wakes();
  mailbox.reset();
  EXPECT_EQ(sched::host::Wakes() - wakes, 4u);
}

}  // namespace
}  // namespace ipc
