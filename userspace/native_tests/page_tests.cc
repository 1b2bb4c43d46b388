// Pages that come with messages.

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>

#include "userspace/libatlas/shared/shared_block.h"
#include "userspace/libatlas/shared/smalloc.h"
#include "userspace/native_tests/groups.h"
#include "userspace/native_tests/partner.h"
#include "userspace/support/kernel_memory.h"
#include "userspace/support/probe.h"

namespace native {
namespace {

using atlas::Message;
using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::Require;

constexpr size_t kMiB = 1 << 20;

char* NewPages(size_t bytes, int flags = MAP_PRIVATE) {
  void* const place = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  Require(place != MAP_FAILED, "mmap");
  return static_cast<char*>(place);
}

Message WithPages(const void* pages, uint64_t bytes, uint32_t function = 1) {
  return {.function = function,
          .flags = atlas::kPages,
          .arguments = {reinterpret_cast<uintptr_t>(pages), bytes}};
}

const volatile char* PagesOf(const Message& message) {
  return reinterpret_cast<const volatile char*>(static_cast<uintptr_t>(message.arguments[0]));
}

void PagesComeReadOnly() {
  const int32_t self = Become();
  char* const pages = NewPages(3 * kPage);
  pages[0] = 1;
  pages[2 * kPage + 5] = 2;
  ExpectResult(atlas::Send(self, WithPages(pages, 3 * kPage)), 0, "three pages");
  const Message& message = Await(1);
  ExpectEqual(message.flags, atlas::kPages, "it says so");
  ExpectEqual(static_cast<int64_t>(message.arguments[1]), 3 * kPage, "how many bytes");
  const volatile char* const shown = PagesOf(message);
  Expect(shown != pages, "elsewhere");
  ExpectEqual(shown[0], 1, "the first page");
  ExpectEqual(shown[kPage], 0, "one that was never written");
  ExpectEqual(shown[2 * kPage + 5], 2, "the last page");
  ExpectEqual(support::Write(reinterpret_cast<uintptr_t>(shown)).signal, SIGSEGV, "a write");
  ExpectEqual(support::Read(shown + 3 * kPage).signal, SIGSEGV, "behind them");
}

void PagesAreAsTheyWere() {
  const int32_t self = Become();
  char* const pages = NewPages(kPage);
  pages[0] = 1;
  ExpectResult(atlas::Send(self, WithPages(pages, kPage)), 0, "a page");
  pages[0] = 2;
  const volatile char* const shown = PagesOf(Await(1));
  ExpectEqual(shown[0], 1, "as it was sent");
  ExpectEqual(pages[0], 2, "the sender's own");
  munmap(pages, kPage);
  ExpectEqual(shown[0], 1, "the sender has no such page any more");
}

// They are lent: what it takes are tables.
void PagesTakeNoMemory() {
  const int32_t self = Become();
  char* const pages = NewPages(kMiB);
  for (size_t at = 0; at < kMiB; at += kPage) pages[at] = 1;
  // To look takes memory of this program the first time.
  static_cast<void>(support::MemoryUse());
  const support::MemoryUse before;
  ExpectResult(atlas::Send(self, WithPages(pages, kMiB)), 0, "1 MiB");
  const support::MemoryUse after;
  constexpr int64_t kMostKib = 16;
  Expect(before.unused_kib() - after.unused_kib() <= kMostKib, "nothing is copied");
  Expect(PagesOf(Await(1))[kMiB - kPage] == 1, "and all of it is there");
}

void PagesGoWithTheirMessage() {
  const int32_t self = Become();
  char* const pages = NewPages(kPage);
  ExpectResult(atlas::Send(self, WithPages(pages, kPage)), 0, "a page");
  ExpectResult(atlas::Send(self, {.function = 2}), 0, "another message");
  const uintptr_t shown = reinterpret_cast<uintptr_t>(PagesOf(Await(1)));
  Expect(support::Read(shown) == support::kNoFault, "there");
  Await(2);
  ExpectEqual(support::Read(shown).signal, SIGSEGV, "gone");
  pages[0] = 1;
}

void AMebibyteIsTheMost() {
  const int32_t self = Become();
  char* const pages = NewPages(kMiB + kPage);
  for (size_t at = 0; at < kMiB; at += kPage) pages[at] = static_cast<char>(at / kPage);
  ExpectResult(atlas::Send(self, WithPages(pages, kMiB + kPage)), EINVAL, "more than 1 MiB");
  ExpectResult(atlas::Send(self, WithPages(pages, kMiB)), 0, "1 MiB");
  ExpectResult(atlas::Send(self, WithPages(pages, kMiB), 0), EAGAIN, "the window is full");
  const volatile char* const shown = PagesOf(Await(1));
  bool is_right = true;
  for (size_t at = 0; at < kMiB; at += kPage) {
    is_right &= shown[at] == static_cast<char>(at / kPage);
  }
  Expect(is_right, "all of its pages");
  ExpectResult(atlas::Send(self, {.function = 2}), 0, "another message");
  Await(2);
  ExpectResult(atlas::Send(self, WithPages(pages, kMiB), 0), 0, "the window is free");
}

void WrongPagesAreRefused() {
  const int32_t self = Become();
  char* const pages = NewPages(3 * kPage);
  munmap(pages + kPage, kPage);
  struct Row {
    uintptr_t address;
    uint64_t bytes;
    int error;
  };
  const auto base = reinterpret_cast<uintptr_t>(pages);
  const Row rows[] = {
      {base + 1, kPage, EINVAL},
      {base, kPage - 1, EINVAL},
      {base, 0, EINVAL},
      {base, ~uint64_t{0}, EINVAL},
      {base, uint64_t{1} << 40, EINVAL},
      {base, 2 * kPage, EFAULT},
      {base + kPage, kPage, EFAULT},
      {0, kPage, EFAULT},
      {~uintptr_t{0} - 4095, kPage, EFAULT},
      {~uintptr_t{0} - 4095, 2 * kPage, 0},
  };
  for (const Row& row : rows) {
    const Message message = WithPages(reinterpret_cast<void*>(row.address), row.bytes);
    const long result = atlas::Send(self, message, 0);
    if (row.error == 0) {
      Expect(result == -EFAULT || result == -EINVAL, "a range that wraps");
    } else {
      ExpectResult(result, row.error, "pages");
    }
  }
  char* const closed = NewPages(kPage);
  mprotect(closed, kPage, PROT_NONE);
  ExpectResult(atlas::Send(self, WithPages(closed, kPage), 0), EFAULT, "that nobody may read");
  long error = 0;
  Expect(atlas::Receive(0, &error) == nullptr, "nothing has come");
}

int SendPages(int32_t parent) {
  char* const pages = NewPages(64 * kPage);
  for (int round = 0; round < 100; ++round) {
    for (size_t at = 0; at < 64 * kPage; at += kPage) pages[at] = static_cast<char>(round);
    if (atlas::Send(parent, WithPages(pages, 64 * kPage)) != 0) return 1;
  }
  return 0;
}

void SendersWaitForTheWindow() {
  Become();
  const pid_t partner = StartPartner(SendPages);
  for (int round = 0; round < 100; ++round) {
    const volatile char* const shown = PagesOf(Await(1));
    bool is_right = true;
    for (size_t at = 0; at < 64 * kPage; at += kPage) is_right &= shown[at] == round;
    Expect(is_right, "the pages of that message");
  }
  ExpectGoodEnd(partner);
}

int SendAMebibyte(int32_t parent) {
  usleep(20'000);
  return atlas::Send(parent, WithPages(NewPages(kMiB), kMiB, 2)) == 0 ? 0 : 1;
}

int SendNoPages(int32_t parent) {
  usleep(40'000);
  return atlas::Send(parent, {.function = 3}) == 0 ? 0 : 1;
}

// The queue has room for the first one, but the window has none: the next one need not wait for it.
void RoomIsLeftToTheNext() {
  const atlas::Queue* const queue = atlas::BecomeNative();
  Require(queue != nullptr, "its queue");
  const int32_t self = getpid();
  const pid_t first = StartPartner(SendAMebibyte);
  const pid_t second = StartPartner(SendNoPages);
  ExpectResult(atlas::Send(self, WithPages(NewPages(kMiB), kMiB), 0), 0, "1 MiB");
  uint32_t count = 1;
  while (atlas::Send(self, {.function = 1}, 0) == 0) ++count;
  usleep(60'000);
  const uint64_t arrived = queue->arrived;
  Await(1);
  usleep(20'000);
  ExpectEqual(static_cast<int64_t>(queue->arrived - arrived), 1, "what had room");
  for (uint32_t i = 1; i < count; ++i) Await(1);
  Await(3);
  Await(2);
  ExpectGoodEnd(first);
  ExpectGoodEnd(second);
}

int EndAfterAWhile(int32_t) {
  usleep(20'000);
  return 0;
}

void ADyingReceiverWakesWhoWaitsForItsWindow() {
  Become();
  const pid_t partner = StartPartner(EndAfterAWhile);
  char* const pages = NewPages(kMiB);
  ExpectResult(atlas::Send(partner, WithPages(pages, kMiB)), 0, "1 MiB");
  ExpectResult(atlas::Send(partner, WithPages(pages, kMiB)), EOWNERDEAD, "another one");
  ExpectGoodEnd(partner);
  pages[0] = 1;
}

int ReplyWithPages(int32_t) {
  char* const pages = NewPages(2 * kPage);
  for (char round = 0; round < 10; ++round) {
    const Message call = *atlas::Receive();
    pages[kPage] = round;
    Message reply = WithPages(pages, 2 * kPage);
    reply.call = call.call;
    if (atlas::Reply(call.sender, reply) != 0) return 1;
  }
  const Message last = *atlas::Receive();
  return atlas::Reply(last.sender, {.call = last.call}) == 0 ? 0 : 2;
}

void RepliesBringPages() {
  Become();
  const pid_t partner = StartPartner(ReplyWithPages);
  uintptr_t shown = 0;
  for (char round = 0; round < 10; ++round) {
    Message reply = {};
    ExpectResult(atlas::Call(partner, {}, reply), 0, "a call");
    ExpectEqual(reply.flags, atlas::kPages, "with pages");
    ExpectEqual(PagesOf(reply)[kPage], round, "as they are");
    shown = reinterpret_cast<uintptr_t>(PagesOf(reply));
  }
  Expect(support::Read(shown) == support::kNoFault, "there until the next call");
  Message reply = {};
  ExpectResult(atlas::Call(partner, {}, reply), 0, "a call without pages");
  ExpectEqual(reply.flags, 0, "its reply has none");
  ExpectEqual(support::Read(shown).signal, SIGSEGV, "gone");
  ExpectGoodEnd(partner);
}

int EndWithPages(int32_t parent) {
  char* const pages = NewPages(kPage);
  pages[0] = 9;
  return atlas::Send(parent, WithPages(pages, kPage)) == 0 ? 0 : 1;
}

void PagesOutliveTheirSender() {
  Become();
  const pid_t partner = StartPartner(EndWithPages);
  ExpectGoodEnd(partner);
  ExpectEqual(PagesOf(Await(1))[0], 9, "what it sent");
}

void SharedPagesStayShared() {
  const int32_t self = Become();
  char* const pages = NewPages(kPage, MAP_SHARED);
  pages[0] = 1;
  ExpectResult(atlas::Send(self, WithPages(pages, kPage)), 0, "a page");
  const volatile char* const shown = PagesOf(Await(1));
  pages[0] = 2;
  ExpectEqual(shown[0], 2, "a later write");
}

// Pages of its own stack, of which the first one has not been touched; what it does with them later
// is not seen.
void SendStack(void* argument) {
  const auto parent = static_cast<int32_t>(reinterpret_cast<intptr_t>(argument));
  constexpr size_t kPages = 8;
  alignas(kPage) volatile char pages[kPages * kPage];
  for (size_t i = 1; i < kPages; ++i) pages[i * kPage] = static_cast<char>(i);
  if (atlas::Send(parent, WithPages(const_cast<const char*>(pages), kPages * kPage)) != 0) return;
  for (size_t i = 1; i < kPages; ++i) pages[i * kPage] = 0;
  // From the stack to where it ends, and on.
  const uintptr_t last = reinterpret_cast<uintptr_t>(&pages[(kPages - 1) * kPage]);
  const Message beyond = WithPages(reinterpret_cast<void*>(last), kMiB);
  atlas::Send(parent, {.function = static_cast<uint32_t>(-atlas::Send(parent, beyond, 0))});
}

void PagesOfAStackAreCopied() {
  const int32_t self = Become();
  StartThread(SendStack, reinterpret_cast<void*>(static_cast<intptr_t>(self)));
  const volatile char* const shown = PagesOf(Await(1));
  usleep(20'000);
  bool is_right = true;
  for (size_t i = 1; i < 8; ++i) is_right &= shown[i * kPage] == static_cast<char>(i);
  Expect(is_right, "as they were sent");
  Await(EFAULT);
}

// Out of the window, to the next one.
void PagesAreHandedOn() {
  const int32_t self = Become();
  char* const pages = NewPages(2 * kPage);
  pages[0] = 1;
  pages[kPage] = 2;
  ExpectResult(atlas::Send(self, WithPages(pages, 2 * kPage)), 0, "two pages");
  const volatile char* const shown = PagesOf(Await(1));
  const Message message = WithPages(const_cast<const char*>(shown), 2 * kPage, 2);
  ExpectResult(atlas::Send(self, message), 0, "the same, as they came");
  pages[0] = 3;
  const volatile char* const again = PagesOf(Await(2));
  Expect(again != shown, "elsewhere");
  ExpectEqual(again[0], 1, "the first page");
  ExpectEqual(again[kPage], 2, "the second page");
  ExpectResult(atlas::Send(self, WithPages(const_cast<const char*>(shown), kPage), 0), EFAULT,
               "those that have gone");
}

// The queue can be read, the control block cannot.
void OwnMemoryIsSentByTheRights() {
  const atlas::Queue* const queue = atlas::BecomeNative();
  Require(queue != nullptr, "its queue");
  const int32_t self = getpid();
  ExpectResult(atlas::Send(self, WithPages(queue, kPage)), 0, "the queue");
  const auto* const copy = reinterpret_cast<const volatile atlas::Queue*>(PagesOf(Await(1)));
  ExpectEqual(static_cast<int64_t>(copy->arrived), 0, "as it was sent");
  ExpectEqual(static_cast<int64_t>(queue->arrived), 1, "as it is");
  const char* const control = reinterpret_cast<const char*>(queue) - kPage;
  ExpectResult(atlas::Send(self, WithPages(control, kPage), 0), EFAULT, "the control block");
}

// A block that was not there when the partner came to be: it knows it by what it is told.
int UseBlock(int32_t) {
  for (char round = 1; round <= 3; ++round) {
    const Message call = *atlas::Receive();
    auto* const block = reinterpret_cast<char*>(static_cast<uintptr_t>(call.arguments[0]));
    const auto bytes = static_cast<size_t>(call.arguments[1]);
    for (size_t i = 0; i < bytes; ++i) {
      if (block[i] != round) return 1;
      block[i] = static_cast<char>(-round);
    }
    // A block of its own for the answer.
    auto* const own = static_cast<char*>(smalloc(bytes));
    if (own == nullptr) return 2;
    for (size_t i = 0; i < bytes; ++i) own[i] = round;
    sfree(block);
    const Message reply = {.call = call.call, .arguments = {reinterpret_cast<uintptr_t>(own)}};
    if (atlas::Reply(call.sender, reply) != 0) return 3;
  }
  // Who sends a pointer lives until it has been used.
  return atlas::Receive() != nullptr ? 0 : 4;
}

void PointersToSharedBlocksTravel() {
  Become();
  const pid_t partner = StartPartner(UseBlock);
  char round = 1;
  // In a chunk with others, and of its own.
  for (const size_t bytes : {size_t{100}, size_t{5000}, size_t{300'000}}) {
    auto* const block = static_cast<char*>(smalloc(bytes));
    Require(block != nullptr, "smalloc");
    for (size_t i = 0; i < bytes; ++i) block[i] = round;
    Message reply = {};
    ExpectResult(
        atlas::Call(partner, {.arguments = {reinterpret_cast<uintptr_t>(block), bytes}}, reply), 0,
        "a call");
    auto* const answer = reinterpret_cast<char*>(static_cast<uintptr_t>(reply.arguments[0]));
    bool is_right = true;
    for (size_t i = 0; i < bytes; ++i) is_right &= answer[i] == round;
    Expect(is_right, "what the partner wrote to its own");
    sfree(answer);
    ++round;
  }
  ExpectResult(atlas::Send(partner, {}), 0, "the end");
  ExpectGoodEnd(partner);
}

// Both see what either writes.
void PagesOfASharedBlockStayShared() {
  const int32_t self = Become();
  auto* const block = static_cast<char*>(atlas::MakeSharedBlock(2 * kPage));
  Require(block != nullptr, "a block");
  ExpectResult(atlas::Send(self, WithPages(block, 2 * kPage)), 0, "its pages");
  const volatile char* const shown = PagesOf(Await(1));
  block[kPage] = 5;
  ExpectEqual(shown[kPage], 5, "a later write");
  ExpectResult(atlas::ReleaseSharedBlock(block), 0, "released");
  ExpectEqual(shown[kPage], 5, "until the next message");
  ExpectResult(atlas::Send(self, WithPages(block, kPage), 0), EFAULT, "a stale pointer");
}

}  // namespace

Group PageTests() {
  static constexpr support::Test kTests[] = {
      {"pages: read-only", PagesComeReadOnly},
      {"pages: as they were", PagesAreAsTheyWere},
      {"pages: lent, not copied", PagesTakeNoMemory},
      {"pages: gone with their message", PagesGoWithTheirMessage},
      {"pages: 1 MiB", AMebibyteIsTheMost},
      {"pages: wrong ones are refused", WrongPagesAreRefused},
      {"pages: senders wait for the window", SendersWaitForTheWindow},
      {"pages: room is left to the next", RoomIsLeftToTheNext},
      {"pages: a dying receiver", ADyingReceiverWakesWhoWaitsForItsWindow},
      {"pages: with a reply", RepliesBringPages},
      {"pages: outlive their sender", PagesOutliveTheirSender},
      {"pages: shared ones stay shared", SharedPagesStayShared},
      {"pages: of a stack", PagesOfAStackAreCopied},
      {"pages: handed on", PagesAreHandedOn},
      {"pages: of its own memory", OwnMemoryIsSentByTheRights},
      {"pages: pointers to shared blocks", PointersToSharedBlocksTravel},
      {"pages: of shared blocks", PagesOfASharedBlockStayShared},
  };
  return kTests;
}

}  // namespace native
