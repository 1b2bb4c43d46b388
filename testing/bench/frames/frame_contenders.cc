#include "testing/bench/frames/frame_contenders.h"

#include <array>

namespace bench {
namespace {

constexpr mm::FirmwareRange kMachine[] = {
    {{0}, uint64_t{kFrames} * mm::kPageSize, mm::FirmwareKind::kRam}};
constexpr mm::ZoneLimits kOneZone = {.normal_first = {0}, .high_first = {kFrames}};
constexpr size_t kProcessors = 1;

}  // namespace

OurFrames::OurFrames()
    : regions_(8),
      map_(*mm::MemoryMap::FromFirmware(kMachine, regions_, mm::PageCount{0})),
      plan_(*mm::FramePlan::For(map_, kOneZone)),
      words_(plan_.storage_words()),
      descriptors_(kFrames),
      cpus_(kProcessors),
      table_(descriptors_, plan_.first, {{0}, {0}, nullptr}),
      memory_(map_, plan_, words_, cpus_, table_) {}

double OurFrames::bytes_per_page() const {
  const size_t bytes = words_.size() * sizeof(uint64_t) + cpus_.size() * sizeof(mm::FrameCpu);
  return static_cast<double>(bytes) / kFrames;
}

}  // namespace bench
