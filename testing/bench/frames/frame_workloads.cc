#include "testing/bench/frames/frame_workloads.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "testing/bench/frames/frame_contenders.h"
#include "testing/bench/frames/frame_verify.h"
#include "testing/bench/timing.h"

namespace bench {
namespace {

constexpr uint32_t kPairs = 1'000'000;
constexpr uint32_t kMixedPairs = 500'000;
constexpr unsigned kHugeOrder = 9;
constexpr uint64_t kSeed = 0x41746C61731963;

Sample PerOperation(const Stopwatch& watch, uint32_t operations) {
  return {.nanoseconds = watch.nanoseconds() / operations};
}

template <class Allocator>
std::vector<uint32_t> AllocateAll(Allocator& allocator) {
  std::vector<uint32_t> frames(kFrames);
  for (uint32_t& frame : frames) frame = allocator.AllocateFrame();
  return frames;
}

template <class Allocator>
Sample PairOfFrames() {
  const auto allocator = std::make_unique<Allocator>();
  const Stopwatch watch;
  for (uint32_t i = 0; i < kPairs; ++i) {
    const uint32_t frame = allocator->AllocateFrame();
    Keep(frame);
    allocator->FreeFrame(frame);
  }
  return PerOperation(watch, kPairs);
}

template <class Allocator>
Sample PairOfHugePages() {
  const auto allocator = std::make_unique<Allocator>();
  const Stopwatch watch;
  for (uint32_t i = 0; i < kPairs; ++i) {
    const uint32_t run = allocator->Allocate(kHugeOrder);
    Keep(run);
    allocator->Free(run, kHugeOrder);
  }
  return PerOperation(watch, kPairs);
}

template <class Allocator>
Sample AllocateEveryFrame() {
  const auto allocator = std::make_unique<Allocator>();
  // Once before, so that what is lazy is done.
  for (const uint32_t frame : AllocateAll(*allocator)) allocator->FreeFrame(frame);
  std::vector<uint32_t> frames(kFrames);
  const Stopwatch watch;
  for (uint32_t& frame : frames) frame = allocator->AllocateFrame();
  Sample sample = PerOperation(watch, kFrames);
  sample.extra = {{"bytes per page", allocator->bytes_per_page()},
                  {"with descriptor", allocator->described_bytes_per_page()}};
  return sample;
}

template <class Allocator>
Sample FreeEveryFrame() {
  const auto allocator = std::make_unique<Allocator>();
  std::vector<uint32_t> frames = AllocateAll(*allocator);
  std::mt19937_64 random(kSeed);
  std::ranges::shuffle(frames, random);
  const Stopwatch watch;
  for (const uint32_t frame : frames) allocator->FreeFrame(frame);
  return PerOperation(watch, kFrames);
}

template <class Allocator>
Sample ReplaceFrames() {
  const auto allocator = std::make_unique<Allocator>();
  std::vector<uint32_t> live = AllocateAll(*allocator);
  std::mt19937_64 random(kSeed);
  std::ranges::shuffle(live, random);
  for (uint32_t i = 0; i < kFrames / 10; ++i) {
    allocator->FreeFrame(live.back());
    live.pop_back();
  }
  std::vector<uint32_t> chosen(kPairs);
  for (uint32_t& index : chosen) index = static_cast<uint32_t>(random() % live.size());
  const Stopwatch watch;
  for (const uint32_t index : chosen) {
    allocator->FreeFrame(live[index]);
    live[index] = allocator->AllocateFrame();
  }
  return PerOperation(watch, kPairs);
}

// Each order half as often as the one before it.
unsigned MixedOrder(std::mt19937_64& random) {
  return static_cast<unsigned>(std::countr_zero(random() | uint64_t{1} << kHugeOrder));
}
// Each as often as another.
unsigned EvenOrder(std::mt19937_64& random) {
  return static_cast<unsigned>(random() % (kHugeOrder + 1));
}

template <class Allocator, unsigned (*kOrder)(std::mt19937_64&)>
Sample ReplaceRuns() {
  struct Run {
    uint32_t first;
    unsigned order;
  };
  const auto allocator = std::make_unique<Allocator>();
  std::mt19937_64 random(kSeed);
  std::vector<Run> live;
  for (uint32_t pages = 0; pages < kFrames / 2; pages += 1U << live.back().order) {
    const unsigned order = kOrder(random);
    live.push_back({allocator->Allocate(order), order});
  }
  std::vector<std::pair<uint32_t, unsigned>> chosen(kMixedPairs);
  for (auto& [index, order] : chosen) {
    index = static_cast<uint32_t>(random() % live.size());
    order = kOrder(random);
  }
  uint32_t failed = 0;
  const Stopwatch watch;
  for (const auto& [index, order] : chosen) {
    Run& run = live[index];
    if (run.first != kNoRun) allocator->Free(run.first, run.order);
    run = {allocator->Allocate(order), order};
    failed += run.first == kNoRun ? 1 : 0;
  }
  Sample sample = PerOperation(watch, kMixedPairs);
  sample.extra = {{"failed", static_cast<double>(failed)}};
  return sample;
}

// How much of the free half can be had in blocks of 2 MiB.
template <class Allocator>
Sample Fragment(uint64_t seed) {
  const auto allocator = std::make_unique<Allocator>();
  std::vector<uint32_t> live = AllocateAll(*allocator);
  std::mt19937_64 random(seed);
  std::ranges::shuffle(live, random);
  while (live.size() > kFrames / 2) {
    allocator->FreeFrame(live.back());
    live.pop_back();
  }
  for (uint32_t i = 0; i < 4 * kFrames; ++i) {
    uint32_t& frame = live[random() % live.size()];
    allocator->FreeFrame(frame);
    frame = allocator->AllocateFrame();
  }
  uint32_t blocks = 0;
  while (allocator->Allocate(kHugeOrder) != kNoRun) ++blocks;
  return {.nanoseconds = 100.0 * blocks / (kFrames / 2.0 / (1U << kHugeOrder))};
}

// The mean of several seeds, others in each round: 20 or so frames decide, which stay where they
// are.
template <class Allocator>
Sample FragmentOften() {
  constexpr int kSeeds = 8;
  static uint64_t seed = kSeed;
  double percent = 0;
  for (int i = 0; i < kSeeds; ++i) percent += Fragment<Allocator>(++seed).nanoseconds;
  return {.nanoseconds = percent / kSeeds};
}

// Storage that nobody has initialised, and that takes no memory until it is written.
template <class T>
class Reservation {
 public:
  explicit Reservation(size_t count) : bytes_(count * sizeof(T)) {
    memory_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory_ == MAP_FAILED) std::abort();
  }
  ~Reservation() { munmap(memory_, bytes_); }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  [[nodiscard]] std::span<T> span() const { return {static_cast<T*>(memory_), bytes_ / sizeof(T)}; }

 private:
  size_t bytes_;
  void* memory_;
};

// From a machine's memory map to the first frame of each zone, in storage that holds what an
// earlier start left there. Memory that this host has yet to make present would be its page faults.
template <uint64_t kMiB>
Sample StartMachine() {
  constexpr uint64_t kMiBShift = 20;
  constexpr uint32_t kStarts = 20;
  constexpr mm::FirmwareRange kRam[] = {{{0}, kMiB << kMiBShift, mm::FirmwareKind::kRam}};
  constexpr mm::ZoneLimits kZones = {.normal_first = {0x1000}, .high_first = {0x4000}};
  std::array<mm::MemoryRegion, 4> regions;
  mm::MemoryMap map = *mm::MemoryMap::FromFirmware(kRam, regions, mm::PageCount{0});
  const mm::FramePlan plan = *mm::FramePlan::For(map, kZones);
  const Reservation<uint64_t> words(plan.storage_words());
  const Reservation<mm::FrameDescriptor> descriptors(plan.pages().value);
  const auto cpus = std::make_unique<std::array<mm::FrameCpu, 1>>();
  const mm::FrameTable table(descriptors.span(), plan.first, {{0}, {0}, nullptr});
  double nanoseconds = 0;
  for (uint32_t start = 0; start <= kStarts; ++start) {
    const Stopwatch watch;
    mm::PhysicalMemory memory(map, plan, words.span(), *cpus, table);
    for (const auto zone : {mm::ZoneKind::kDma, mm::ZoneKind::kNormal, mm::ZoneKind::kHigh}) {
      Keep(memory.AllocateFrame(zone).has_value());
    }
    if (start != 0) nanoseconds += watch.nanoseconds();
  }
  return {.nanoseconds = nanoseconds / kStarts};
}

// One workload of both contenders.
Workload Compare(std::string name, Sample (*ours)(), Sample (*model)(), Goal goal) {
  return {.group = "frames",
          .name = std::move(name),
          .contenders = {{"atlas", Contender::kOurs, ours, VerifyFrames<OurFrames>},
                         {"Linux model", Contender::kModel, model, VerifyFrames<LinuxFrames>}},
          .goal = std::move(goal)};
}

Goal AtMost(double factor, std::string why) {
  return {.factor = factor, .against = "Linux model", .why = std::move(why)};
}

}  // namespace

void AddFrameWorkloads(std::vector<Workload>& workloads) {
  workloads.push_back(Compare("pair, order 0", PairOfFrames<OurFrames>, PairOfFrames<LinuxFrames>,
                              AtMost(1.0, "reference: pair, order 0")));
  Workload all = Compare("allocate all", AllocateEveryFrame<OurFrames>,
                         AllocateEveryFrame<LinuxFrames>, AtMost(0.45, "reference: allocate all"));
  all.more_goals.push_back({.factor = 0.5,
                            .against = "limit",
                            .why = "reference: metadata without page descriptors",
                            .figure = "bytes per page"});
  all.more_goals.push_back({.factor = 16,
                            .against = "limit",
                            .why = "reference: metadata with page descriptors",
                            .figure = "with descriptor"});
  workloads.push_back(std::move(all));
  workloads.push_back(Compare("free all, random order", FreeEveryFrame<OurFrames>,
                              FreeEveryFrame<LinuxFrames>,
                              AtMost(0.45, "reference: free all, random order")));
  workloads.push_back(Compare("random free+alloc, 90 % full", ReplaceFrames<OurFrames>,
                              ReplaceFrames<LinuxFrames>,
                              AtMost(0.6, "reference: random free+alloc at 90 % full")));
  workloads.push_back(
      Compare("mixed orders 0..9, half full", ReplaceRuns<OurFrames, MixedOrder>,
              ReplaceRuns<LinuxFrames, MixedOrder>,
              AtMost(0.8,
                     "reference: mixed orders; each order half as often as the one before, which "
                     "gives the model the ratio to its pair that it has there")));
  workloads.push_back(Compare("orders 0..9 evenly, half full", ReplaceRuns<OurFrames, EvenOrder>,
                              ReplaceRuns<LinuxFrames, EvenOrder>,
                              AtMost(0.8, "the same with as many of each order")));
  workloads.push_back(Compare("order-9 pair", PairOfHugePages<OurFrames>,
                              PairOfHugePages<LinuxFrames>,
                              AtMost(0.5, "reference: order-9 pair")));
  Workload fragmentation =
      Compare("2 MiB blocks in the free half", FragmentOften<OurFrames>, FragmentOften<LinuxFrames>,
              {.factor = 92,
               .against = "limit",
               .why = "reference: after full, random free, 4N churn",
               .kind = Goal::kAtLeast});
  fragmentation.unit = "%";
  workloads.push_back(std::move(fragmentation));

  const std::pair<uint64_t, Sample (*)()> machines[] = {{128, StartMachine<128>},
                                                        {16 << 10, StartMachine<16 << 10>},
                                                        {16 << 20, StartMachine<16 << 20>}};
  for (const auto& [mebibytes, start] : machines) {
    workloads.push_back(
        {.group = "frames",
         .name = "start with " + std::to_string(mebibytes) + " MiB",
         .contenders = {{"atlas", Contender::kOurs, start, VerifyFrames<OurFrames>}},
         .family = "start of a machine",
         .size = static_cast<double>(mebibytes)});
  }
  workloads.back().goal =
      Goal{.factor = 2, .why = "the same time whatever the size", .kind = Goal::kFlat};
}

}  // namespace bench
