#include "testing/bench/objects/object_machine.h"

#include <sys/mman.h>

#include "kernel/base/check.h"
#include "kernel/base/units.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/frame_allocator.h"

namespace bench {
namespace {

using base::literals::operator""_MiB;

constexpr uint64_t kBytes = 512_MiB;
constexpr mm::FrameNumber kFirst = mm::FrameContaining({kBytes});
constexpr uint64_t kAlignment = 2_MiB;

}  // namespace

ObjectMachine::ObjectMachine()
    : memory_(mmap(nullptr, kBytes + kAlignment, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)),
      regions_(16),
      cpus_(1) {
  CHECK(memory_ != MAP_FAILED);
  // Runs of frames are aligned as numbers; slabs rely on it as addresses.
  const auto base = base::AlignUp(reinterpret_cast<uintptr_t>(memory_), kAlignment);
  const mm::FirmwareRange ram[] = {
      {.base = mm::BaseOf(kFirst), .size_bytes = kBytes, .kind = mm::FirmwareKind::kRam}};
  map_.emplace(*mm::MemoryMap::FromFirmware(ram, regions_, mm::PageCount{0}));
  const mm::ZoneLimits limits = {.normal_first = kFirst,
                                 .high_first = kFirst + mm::PagesIn(kBytes)};
  const mm::FramePlan plan = *mm::FramePlan::For(*map_, limits);
  words_.resize(plan.storage_words());
  descriptors_.resize(static_cast<size_t>(plan.pages().value));
  table_.emplace(
      descriptors_, plan.first,
      mm::DirectMapping{
          .first = kFirst, .pages = mm::PagesIn(kBytes), .base = reinterpret_cast<void*>(base)});
  physical_.emplace(*map_, plan, words_, cpus_, *table_);
  direct_map_.emplace(*physical_);
  pages_.emplace(*direct_map_);
}

ObjectMachine::~ObjectMachine() { munmap(memory_, kBytes + kAlignment); }

double ObjectMachine::most_bytes() const {
  const double frames = static_cast<double>(mm::PagesIn(kBytes).value);
  const double words = static_cast<double>(words_.size() * sizeof(uint64_t)) / frames;
  const double per_page = static_cast<double>(mm::kPageSize + sizeof(mm::FrameDescriptor)) + words;
  return static_cast<double>(pages_->most()) * per_page;
}

}  // namespace bench
