#include "testing/bench/tables/table_workloads.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "testing/bench/tables/mapped_pages.h"
#include "testing/bench/timing.h"
#include "testing/bench/workload.h"

namespace bench {
namespace {

constexpr const char* kGroup = "page tables";

struct Place {
  Spread spread;
  const char* name;
};
constexpr Place kPlaces[] = {{Spread::kDense, "side by side"},
                             {Spread::kRuns, "runs of 1 to 16"},
                             {Spread::kSparse, "one in each 2 MiB"}};

// Pages in random order, made once in the process that runs the rounds.
template <class Pages>
struct Fixture {
  explicit Fixture(Spread spread) : ordered(MakePages(spread)), shuffled(ordered), pages(ordered) {
    std::mt19937_64 random(kSeed + 1);
    std::ranges::shuffle(shuffled, random);
  }

  std::vector<PageAt> ordered;
  std::vector<PageAt> shuffled;
  Pages pages;
};

template <class Pages>
Sample PerPage(const Fixture<Pages>& fixture, double nanoseconds, double passes) {
  const auto count = static_cast<double>(fixture.ordered.size());
  return {.nanoseconds = nanoseconds / count / passes,
          .extra = {{"bytes per page", fixture.pages.bytes() / count}}};
}

template <class Pages>
Sample FindRound(Fixture<Pages>& fixture) {
  constexpr int kPasses = 10;
  const Stopwatch watch;
  for (int pass = 0; pass < kPasses; ++pass) {
    for (const PageAt& page : fixture.shuffled) Keep(fixture.pages.Find(page.va + 8));
  }
  return PerPage(fixture, watch.nanoseconds(), kPasses);
}

template <class Pages>
Sample WalkRound(Fixture<Pages>& fixture) {
  constexpr int kPasses = 10;
  const Stopwatch watch;
  for (int pass = 0; pass < kPasses; ++pass) fixture.pages.ForEach([](uint64_t pa) { Keep(pa); });
  return PerPage(fixture, watch.nanoseconds(), kPasses);
}

// Each page is unmapped and mapped again, in random order: its tables come and go with it where it
// is their only page.
template <class Pages>
Sample RemapRound(Fixture<Pages>& fixture) {
  const Stopwatch watch;
  for (const PageAt& page : fixture.shuffled) {
    fixture.pages.Unmap(page);
    fixture.pages.Map(page);
  }
  return PerPage(fixture, watch.nanoseconds(), 1);
}

// All pages go one by one, in random order; mapping them again is not timed.
template <class Pages>
Sample UnmapRound(Fixture<Pages>& fixture) {
  const Stopwatch watch;
  for (const PageAt& page : fixture.shuffled) fixture.pages.Unmap(page);
  const double nanoseconds = watch.nanoseconds();
  for (const PageAt& page : fixture.ordered) fixture.pages.Map(page);
  return PerPage(fixture, nanoseconds, 1);
}

// Whether a walk sees the pages, in order, and nothing else.
template <class Pages>
bool IsWalkRight(Fixture<Pages>& fixture) {
  size_t index = 0;
  bool in_order = true;
  fixture.pages.ForEach([&](uint64_t pa) {
    in_order = in_order && index < fixture.ordered.size() && fixture.ordered[index].pa == pa;
    ++index;
  });
  return in_order && index == fixture.ordered.size();
}

// A page that is unmapped is gone, one that is mapped again is back.
template <class Pages>
std::optional<std::string> VerifyChanges(Fixture<Pages>& fixture) {
  for (const PageAt& page : fixture.shuffled) {
    fixture.pages.Unmap(page);
    if (fixture.pages.Find(page.va) != ~uint64_t{0}) return "a page is there after its unmapping";
    fixture.pages.Map(page);
    if (fixture.pages.Find(page.va) != page.pa) return "a page is not there after its mapping";
  }
  if (!IsWalkRight(fixture)) return "the walk differs after unmapping and mapping";
  for (const PageAt& page : fixture.shuffled) fixture.pages.Unmap(page);
  size_t left = 0;
  fixture.pages.ForEach([&left](uint64_t) { ++left; });
  if (left != 0) return "pages are there after all were unmapped";
  return std::nullopt;
}

// Every page is found, nothing beside them is, and a walk sees them in order.
template <class Pages>
std::optional<std::string> Verify(Spread spread) {
  Fixture<Pages> fixture(spread);
  for (const PageAt& page : fixture.shuffled) {
    if (fixture.pages.Find(page.va) != page.pa) return "a page is not found";
  }
  if (fixture.pages.Find(fixture.ordered.back().va + mm::kPageSize) != ~uint64_t{0}) {
    return "a page is found that was never mapped";
  }
  if (!IsWalkRight(fixture)) return "the walk differs from what was mapped";
  if constexpr (requires(const PageAt& page) { fixture.pages.Unmap(page); }) {
    return VerifyChanges(fixture);
  }
  return std::nullopt;
}

template <class Pages>
Contender Make(std::string name, Contender::Kind kind, Spread spread,
               Sample (*round)(Fixture<Pages>&)) {
  auto fixture = std::make_shared<std::unique_ptr<Fixture<Pages>>>();
  return {.name = std::move(name),
          .kind = kind,
          .round =
              [fixture, spread, round] {
                if (*fixture == nullptr) *fixture = std::make_unique<Fixture<Pages>>(spread);
                return round(**fixture);
              },
          .verify = [spread] { return Verify<Pages>(spread); }};
}

std::string NameOf(const char* job, const Place& place) {
  return std::string(job) + ", " + place.name;
}

}  // namespace

void AddTableWorkloads(std::vector<Workload>& workloads) {
  for (const Place& place : kPlaces) {
    const Spread spread = place.spread;
    workloads.push_back(
        {.group = kGroup,
         .name = NameOf("find", place),
         .contenders = {Make("page table", Contender::kOurs, spread, FindRound<OurPages>),
                        Make("sorted array", Contender::kModel, spread, FindRound<ListedPages>),
                        Make("std::map", Contender::kPeer, spread, FindRound<TreePages>)}});
    workloads.push_back(
        {.group = kGroup,
         .name = NameOf("walk all", place),
         .contenders = {Make("page table", Contender::kOurs, spread, WalkRound<OurPages>),
                        Make("sorted array", Contender::kModel, spread, WalkRound<ListedPages>),
                        Make("std::map", Contender::kPeer, spread, WalkRound<TreePages>)}});
    workloads.push_back(
        {.group = kGroup,
         .name = NameOf("unmap+map", place),
         .contenders = {Make("page table", Contender::kOurs, spread, RemapRound<OurPages>),
                        Make("scanning", Contender::kModel, spread, RemapRound<ScanningPages>)}});
    workloads.push_back(
        {.group = kGroup,
         .name = NameOf("unmap one by one", place),
         .contenders = {Make("page table", Contender::kOurs, spread, UnmapRound<OurPages>),
                        Make("scanning", Contender::kModel, spread, UnmapRound<ScanningPages>)}});
  }
}

}  // namespace bench
