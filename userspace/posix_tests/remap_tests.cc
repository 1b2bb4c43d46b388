// mremap and brk.

#include <sys/mman.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>

#include "userspace/posix_tests/groups.h"
#include "userspace/posix_tests/memory.h"
#include "userspace/support/probe.h"

namespace posix {
namespace {

using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::kNoFault;
using support::Read;
using support::Require;
using support::Write;

template <class... Target>
long Remap(char* old, size_t old_pages, size_t new_pages, int flags, Target... target) {
  return Call(SYS_mremap, old, old_pages * kPage, new_pages * kPage, flags, target...);
}

bool IsGone(const char* page) { return Read(page).code == SEGV_MAPERR; }

// `pages` pages, each with its number, at the start of free room for `room`.
char* NumberedPages(size_t pages, size_t room) {
  char* const place = FreePages(room);
  const long result =
      Map(reinterpret_cast<uintptr_t>(place), pages * kPage, kReadWrite, kAnonymous | MAP_FIXED);
  Require(result == Word(place), "mmap");
  for (size_t i = 0; i < pages; ++i) place[i * kPage] = static_cast<char>(i + 1);
  return place;
}

bool AreNumbered(const char* pages, size_t first, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (pages[i * kPage] != static_cast<char>(first + i + 1)) return false;
  }
  return true;
}

void ShrinksInPlace() {
  char* const pages = NumberedPages(4, 4);
  ExpectEqual(Remap(pages, 4, 2, 0), Word(pages), "mremap");
  Expect(AreNumbered(pages, 0, 2), "what is left");
  Expect(IsGone(pages + 2 * kPage) && IsGone(pages + 3 * kPage), "what is not");
}

void GrowsInPlace() {
  char* const pages = NumberedPages(2, 6);
  ExpectEqual(Remap(pages, 2, 5, 0), Word(pages), "mremap");
  Expect(AreNumbered(pages, 0, 2), "what was there");
  Expect(AllAre(pages + 2 * kPage, 3 * kPage, 0), "what is new");
  ExpectEqual(Remap(pages, 5, 5, 0), Word(pages), "to the same size");
}

void MovesWhereItMust() {
  char* const pages = NumberedPages(3, 3);
  const long blocker =
      Map(reinterpret_cast<uintptr_t>(pages) + 3 * kPage, kPage, PROT_NONE, kAnonymous | MAP_FIXED);
  ExpectResult(blocker, 0, "a neighbour");
  ExpectResult(Remap(pages, 3, 5, 0), ENOMEM, "no room, and it may not move");
  const long moved = Remap(pages, 3, 5, MREMAP_MAYMOVE);
  ExpectResult(moved, 0, "it moves");
  Require(moved != Word(pages), "to another place");
  Expect(AreNumbered(reinterpret_cast<char*>(moved), 0, 3), "with its pages");
  Expect(AllAre(reinterpret_cast<char*>(moved) + 3 * kPage, 2 * kPage, 0), "and new ones");
  Expect(IsGone(pages) && IsGone(pages + 2 * kPage), "nothing stays");
}

void MovesAPart() {
  char* const pages = NumberedPages(5, 5);
  char* const place = FreePages(2);
  ExpectEqual(Remap(pages + kPage, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED, place), Word(place),
              "two in the middle");
  Expect(AreNumbered(place, 1, 2), "they have moved");
  Expect(AreNumbered(pages, 0, 1) && AreNumbered(pages + 3 * kPage, 3, 2), "the others have not");
  Expect(IsGone(pages + kPage) && IsGone(pages + 2 * kPage), "a hole is left");
}

void FixedReplaces() {
  char* const pages = NumberedPages(2, 2);
  char* const other = NumberedPages(3, 3);
  ExpectEqual(Remap(pages, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED, other), Word(other),
              "over another mapping");
  Expect(AreNumbered(other, 0, 2) && AreNumbered(other + 2 * kPage, 2, 1),
         "two pages are replaced");
  ExpectEqual(Remap(other, 3, 1, MREMAP_MAYMOVE | MREMAP_FIXED, pages), Word(pages),
              "smaller, and elsewhere");
  Expect(AreNumbered(pages, 0, 1) && IsGone(pages + kPage), "one page moved");
  Expect(IsGone(other) && IsGone(other + 2 * kPage), "the rest is unmapped");
}

void BadRemaps() {
  char* const pages = NumberedPages(4, 4);
  char* const free = FreePages(4);
  constexpr int kFixed = MREMAP_MAYMOVE | MREMAP_FIXED;
  ExpectResult(Call(SYS_mremap, pages + 1, kPage, kPage, 0), EINVAL, "within a page");
  ExpectResult(Remap(pages, 1, 0, 0), EINVAL, "to nothing");
  ExpectResult(Remap(pages, 1, 1, 0x100), EINVAL, "an unknown flag");
  ExpectResult(Remap(pages, 1, 1, MREMAP_FIXED, free), EINVAL, "fixed, and it may not move");
  ExpectResult(Remap(pages, 2, 2, kFixed, pages + kPage), EINVAL, "onto itself");
  ExpectResult(Remap(pages, 1, 1, kFixed, free + 1), EINVAL, "to within a page");
  ExpectResult(Remap(pages, 1, 1, kFixed, ~uintptr_t{0} - (kPage - 1)), EINVAL, "to the last page");
  ExpectResult(Remap(free, 1, 2, MREMAP_MAYMOVE), EFAULT, "of what is not mapped");
  ExpectResult(Call(SYS_munmap, pages + 2 * kPage, kPage), 0, "a hole");
  ExpectResult(Remap(pages, 4, 5, MREMAP_MAYMOVE), EFAULT, "across a hole");
  Expect(AreNumbered(pages, 0, 2), "all is as it was");
}

// An old size of nothing makes a second mapping of shared pages.
void DuplicatesShared() {
  char* const pages = NewPages(2, kReadWrite, MAP_SHARED | MAP_ANONYMOUS);
  pages[kPage] = 8;
  const long copy = Remap(pages, 0, 2, MREMAP_MAYMOVE);
  ExpectResult(copy, 0, "mremap");
  Require(copy != Word(pages), "another place");
  auto* const second = reinterpret_cast<char*>(copy);
  ExpectEqual(second[kPage], 8, "the same pages");
  second[0] = 4;
  ExpectEqual(pages[0], 4, "in both directions");
}

// The break, moved by whole pages from the first whole one on.
long Break(long wanted) { return Call(SYS_brk, wanted); }
long FirstBreak() {
  const long page = kPage;
  const long base = (Break(0) + page - 1) / page * page;
  Require(Break(base) == base, "brk");
  return base;
}

void BreakGrowsAndShrinks() {
  const long base = FirstBreak();
  const long page = kPage;
  auto* const bytes = reinterpret_cast<char*>(base);
  Expect(IsGone(bytes), "nothing is behind the break");
  ExpectEqual(Break(base + 4 * page), base + 4 * page, "it grows");
  Expect(AllAre(bytes, 4 * kPage, 0), "by zeroes");
  for (size_t i = 0; i < 4; ++i) bytes[i * kPage] = 5;
  ExpectEqual(Break(base + page), base + page, "it shrinks");
  ExpectEqual(bytes[0], 5, "what stays");
  Expect(IsGone(bytes + kPage) && IsGone(bytes + 3 * kPage), "what goes");
  ExpectEqual(Break(base + 2 * page), base + 2 * page, "it grows again");
  ExpectEqual(bytes[kPage], 0, "by zeroes again");
  ExpectEqual(Break(base + page + 1), base + page + 1, "within a page");
  Expect(Write(bytes + 2 * kPage - 1) == kNoFault, "of which all is there");
}

void BreakKnowsLimits() {
  const long base = FirstBreak();
  ExpectEqual(Break(1), base, "below the program");
  ExpectEqual(Break(-1), base, "the end of the address space");
  char* const next = reinterpret_cast<char*>(base);
  const long blocker =
      Map(reinterpret_cast<uintptr_t>(next + 4 * kPage), kPage, kReadWrite, kAnonymous | MAP_FIXED);
  ExpectResult(blocker, 0, "a mapping in its way");
  ExpectEqual(Break(base + 8 * static_cast<long>(kPage)), base, "into another mapping");
  ExpectEqual(Break(base + static_cast<long>(kPage)), base + static_cast<long>(kPage), "below it");
}

void BreakObeysItsLimit() {
  const long base = FirstBreak();
  const rlimit small = {kPage, kPage};
  ExpectEqual(setrlimit(RLIMIT_DATA, &small), 0, "setrlimit");
  ExpectEqual(Break(base + 64 * static_cast<long>(kPage)), base, "beyond RLIMIT_DATA");
}

constexpr support::Test kTests[] = {
    {"mremap: shrinks", ShrinksInPlace},
    {"mremap: grows in place", GrowsInPlace},
    {"mremap: moves to grow", MovesWhereItMust},
    {"mremap: moves a part", MovesAPart},
    {"mremap: MREMAP_FIXED", FixedReplaces},
    {"mremap: bad arguments", BadRemaps},
    {"mremap: duplicates shared memory", DuplicatesShared},
    {"brk: grows and shrinks", BreakGrowsAndShrinks},
    {"brk: what it cannot be", BreakKnowsLimits},
    {"brk: RLIMIT_DATA", BreakObeysItsLimit},
};

}  // namespace

Group RemapTests() { return kTests; }

}  // namespace posix
