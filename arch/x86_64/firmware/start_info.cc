#include "arch/x86_64/firmware/start_info.h"

#include <algorithm>
#include <cstring>

namespace arch::x86_64 {
namespace {

constexpr uint32_t kMagic = 0x336ec578;
constexpr uint32_t kFirstVersionWithMemoryMap = 1;

struct RawStartInfo {
  uint32_t magic;
  uint32_t version;
  uint32_t flags;
  uint32_t module_count;
  uint64_t module_list;
  uint64_t command_line;
  uint64_t acpi_root_pointer;
};
static_assert(sizeof(RawStartInfo) == 40);

// What version 1 appends.
struct RawMemoryMapPointer {
  uint64_t entries;
  uint32_t count;
  uint32_t reserved;
};
static_assert(sizeof(RawMemoryMapPointer) == 16);

struct RawModule {
  uint64_t base;
  uint64_t size_bytes;
  uint64_t command_line;
  uint64_t reserved;
};
static_assert(sizeof(RawModule) == 32);

struct RawMemoryRange {
  uint64_t base;
  uint64_t size_bytes;
  uint32_t type;
  uint32_t reserved;
};
static_assert(sizeof(RawMemoryRange) == 24);

// The types are ACPI's (ACPI 6.4, table 15.4). What we do not know we do not touch.
mm::FirmwareKind KindOf(uint32_t type) {
  switch (type) {
    case 1:
      return mm::FirmwareKind::kRam;
    case 3:
      return mm::FirmwareKind::kAcpiReclaimable;
    case 4:
      return mm::FirmwareKind::kAcpiNvs;
    case 5:
      return mm::FirmwareKind::kUnusable;
    default:
      return mm::FirmwareKind::kReserved;
  }
}

}  // namespace

const char* Describe(StartInfoFault fault) {
  switch (fault) {
    case StartInfoFault::kOutOfReach:
      return "the PVH start info is outside the memory that start-up can read";
    case StartInfoFault::kBadMagic:
      return "the loader left no PVH start info (wrong magic number)";
    case StartInfoFault::kNoMemoryMap:
      return "the PVH start info has no memory map";
    case StartInfoFault::kMapOutOfReach:
      return "the PVH memory map is outside the memory that start-up can read";
    case StartInfoFault::kTooManyRanges:
      return "the PVH memory map has more than 128 ranges";
    case StartInfoFault::kTooManyModules:
      return "the PVH start info has more than 8 modules";
    case StartInfoFault::kModulesOutOfReach:
      return "the PVH module list is outside the memory that start-up can read";
    case StartInfoFault::kModuleWraps:
      return "a PVH module runs past the top of the physical address space";
    case StartInfoFault::kCommandLineTooLong:
      return "the kernel command line is longer than 2047 characters";
  }
  return "the PVH start info is unusable";
}

StartInfo::Outcome StartInfo::ReadFrom(const PhysicalView& view, mm::PhysAddr pa) {
  const auto head = view.Read<RawStartInfo>(pa);
  if (!head) return std::unexpected(StartInfoFault::kOutOfReach);
  if (head->magic != kMagic) return std::unexpected(StartInfoFault::kBadMagic);
  if (head->version < kFirstVersionWithMemoryMap) {
    return std::unexpected(StartInfoFault::kNoMemoryMap);
  }
  const auto map = view.Read<RawMemoryMapPointer>(mm::PhysAddr{pa.value + sizeof(RawStartInfo)});
  if (!map) return std::unexpected(StartInfoFault::kOutOfReach);

  version_ = head->version;
  acpi_root_pointer_ = mm::PhysAddr{head->acpi_root_pointer};
  return ReadMemoryMap(view, mm::PhysAddr{map->entries}, map->count)
      .and_then(
          [&] { return ReadModules(view, mm::PhysAddr{head->module_list}, head->module_count); })
      .and_then([&] { return ReadCommandLine(view, mm::PhysAddr{head->command_line}); });
}

StartInfo::Outcome StartInfo::ReadMemoryMap(const PhysicalView& view, mm::PhysAddr pa,
                                            uint32_t count) {
  if (count == 0) return std::unexpected(StartInfoFault::kNoMemoryMap);
  if (count > kMaxRanges) return std::unexpected(StartInfoFault::kTooManyRanges);
  memory_count_ = count;
  for (size_t i = 0; i < count; ++i) {
    const auto range =
        view.Read<RawMemoryRange>(mm::PhysAddr{pa.value + i * sizeof(RawMemoryRange)});
    if (!range) return std::unexpected(StartInfoFault::kMapOutOfReach);
    memory_[i] = {mm::PhysAddr{range->base}, range->size_bytes, KindOf(range->type)};
  }
  return {};
}

StartInfo::Outcome StartInfo::ReadModules(const PhysicalView& view, mm::PhysAddr pa,
                                          uint32_t count) {
  if (count > kMaxModules) return std::unexpected(StartInfoFault::kTooManyModules);
  module_count_ = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto module = view.Read<RawModule>(mm::PhysAddr{pa.value + i * sizeof(RawModule)});
    if (!module) return std::unexpected(StartInfoFault::kModulesOutOfReach);
    if (module->size_bytes == 0) continue;
    const mm::PhysRange range{mm::PhysAddr{module->base}, module->size_bytes};
    if (range.Wraps()) return std::unexpected(StartInfoFault::kModuleWraps);
    modules_[module_count_++] = range;
  }
  return {};
}

StartInfo::Outcome StartInfo::ReadCommandLine(const PhysicalView& view, mm::PhysAddr pa) {
  command_line_length_ = 0;
  if (pa.value == 0) return {};  // the loader gave none
  auto text = view.From(pa);
  text = text.first(std::min(text.size(), kMaxCommandLine + 1));
  const auto terminator = std::ranges::find(text, std::byte{0});
  if (terminator == text.end()) return std::unexpected(StartInfoFault::kCommandLineTooLong);
  command_line_length_ = static_cast<size_t>(terminator - text.begin());
  std::memcpy(command_line_.data(), text.data(), command_line_length_);
  return {};
}

}  // namespace arch::x86_64
