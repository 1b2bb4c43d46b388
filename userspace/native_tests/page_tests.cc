// Pages that come with messages.

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>

#include "userspace/native_tests/groups.h"
#include "userspace/native_tests/partner.h"
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
  return 0;
}

void RepliesBringPages() {
  Become();
  const pid_t partner = StartPartner(ReplyWithPages);
  for (char round = 0; round < 10; ++round) {
    Message reply = {};
    ExpectResult(atlas::Call(partner, {}, reply), 0, "a call");
    ExpectEqual(reply.flags, atlas::kPages, "with pages");
    ExpectEqual(PagesOf(reply)[kPage], round, "as they are");
  }
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

}  // namespace

Group PageTests() {
  static constexpr support::Test kTests[] = {
      {"pages: read-only", PagesComeReadOnly},
      {"pages: as they were", PagesAreAsTheyWere},
      {"pages: gone with their message", PagesGoWithTheirMessage},
      {"pages: 1 MiB", AMebibyteIsTheMost},
      {"pages: wrong ones are refused", WrongPagesAreRefused},
      {"pages: senders wait for the window", SendersWaitForTheWindow},
      {"pages: a dying receiver", ADyingReceiverWakesWhoWaitsForItsWindow},
      {"pages: with a reply", RepliesBringPages},
      {"pages: outlive their sender", PagesOutliveTheirSender},
      {"pages: shared ones stay shared", SharedPagesStayShared},
  };
  return kTests;
}

}  // namespace native
