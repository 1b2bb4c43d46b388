#include "arch/arm/firmware/device_tree.h"

#include <libfdt.h>

#include <algorithm>

#include "arch/arm/firmware/tree_node.h"
#include "kernel/base/result.h"

namespace arch::arm {
namespace {

constexpr std::string_view kMemoryType = "memory";

// linux,initrd-start and -end are written with one cell or with two.
std::optional<uint64_t> FindAddress(const void* tree, TreeOffset node, const char* name) {
  const auto property = FindProperty(tree, node, name);
  if (!property) return std::nullopt;
  if (property->size() == sizeof(fdt32_t)) return ReadCell(*property, 0);
  if (property->size() != sizeof(fdt64_t)) return std::nullopt;
  return uint64_t{*ReadCell(*property, 0)} << 32 | *ReadCell(*property, 1);
}

}  // namespace

const char* Describe(TreeFault fault) {
  switch (fault) {
    case TreeFault::kBadMagic:
      return "there is no device tree where r2 points";
    case TreeFault::kTooLarge:
      return "the device tree is longer than the memory it may lie in";
    case TreeFault::kBroken:
      return "the device tree is broken";
    case TreeFault::kNoMemory:
      return "the device tree describes no memory";
    case TreeFault::kBadMemory:
      return "the device tree's memory node has no readable reg property";
    case TreeFault::kTooManyRanges:
      return "the device tree has too many ranges of memory";
    case TreeFault::kBadReservation:
      return "the device tree reserves memory that cannot be";
    case TreeFault::kTooManyReservations:
      return "the device tree has too many reservations";
    case TreeFault::kBadInitrd:
      return "the device tree's initrd has no valid start and end";
    case TreeFault::kCommandLineTooLong:
      return "the device tree's command line is too long";
  }
  return "the device tree has an unknown fault";
}

DeviceTree::Outcome DeviceTree::ReadFrom(std::span<const std::byte> bytes,
                                         const mm::PhysRange& usable) {
  *this = DeviceTree{};
  const void* const tree = bytes.data();
  if (bytes.size() < sizeof(fdt_header) || fdt_magic(tree) != FDT_MAGIC) {
    return std::unexpected(TreeFault::kBadMagic);
  }
  size_bytes_ = fdt_totalsize(tree);
  if (size_bytes_ > bytes.size()) return std::unexpected(TreeFault::kTooLarge);
  if (fdt_check_full(tree, static_cast<size_t>(size_bytes_)) != 0) {
    return std::unexpected(TreeFault::kBroken);
  }
  TRY(ReadMemory(tree, usable));
  TRY(ReadReservationBlock(tree));
  TRY(ReadReservedMemory(tree));
  const TreeOffset chosen = fdt_path_offset(tree, "/chosen");
  TRY(ReadInitrd(tree, chosen));
  ReadSeed(tree, chosen);
  return ReadCommandLine(tree, chosen);
}

DeviceTree::Outcome DeviceTree::ReadMemory(const void* tree, const mm::PhysRange& usable) {
  TreeOffset node = 0;
  fdt_for_each_subnode(node, tree, 0) {
    if (FindText(tree, node, "device_type") != kMemoryType || !IsEnabled(tree, node)) continue;
    const auto list = RegList::Of(tree, node);
    if (!list) return std::unexpected(TreeFault::kBadMemory);
    for (size_t i = 0; i < list->size(); ++i) TRY(AddRam((*list)[i], usable));
  }
  if (memory_count_ == 0) return std::unexpected(TreeFault::kNoMemory);
  return {};
}

DeviceTree::Outcome DeviceTree::ReadReservationBlock(const void* tree) {
  const int count = fdt_num_mem_rsv(tree);
  if (count < 0) return std::unexpected(TreeFault::kBroken);
  for (int i = 0; i < count; ++i) {
    uint64_t base = 0;
    uint64_t size_bytes = 0;
    if (fdt_get_mem_rsv(tree, i, &base, &size_bytes) != 0) {
      return std::unexpected(TreeFault::kBroken);
    }
    TRY(AddReservation({mm::PhysAddr{base}, size_bytes}));
  }
  return {};
}

// Children with "size" alone ask for memory from wherever there is some: nothing is reserved yet.
DeviceTree::Outcome DeviceTree::ReadReservedMemory(const void* tree) {
  const TreeOffset parent = fdt_path_offset(tree, "/reserved-memory");
  if (parent < 0) return {};
  TreeOffset node = 0;
  fdt_for_each_subnode(node, tree, parent) {
    if (!IsEnabled(tree, node) || !FindProperty(tree, node, "reg")) continue;
    const auto list = RegList::Of(tree, node);
    if (!list) return std::unexpected(TreeFault::kBadReservation);
    for (size_t i = 0; i < list->size(); ++i) TRY(AddReservation((*list)[i]));
  }
  return {};
}

DeviceTree::Outcome DeviceTree::ReadInitrd(const void* tree, int chosen) {
  constexpr const char* kStart = "linux,initrd-start";
  constexpr const char* kLimit = "linux,initrd-end";
  if (!FindProperty(tree, chosen, kStart) && !FindProperty(tree, chosen, kLimit)) return {};
  const auto start = FindAddress(tree, chosen, kStart);
  const auto limit = FindAddress(tree, chosen, kLimit);
  if (!start || !limit || *limit < *start) return std::unexpected(TreeFault::kBadInitrd);
  if (*start != *limit) initrd_ = mm::PhysRange{mm::PhysAddr{*start}, *limit - *start};
  return {};
}

DeviceTree::Outcome DeviceTree::ReadCommandLine(const void* tree, int chosen) {
  if (!FindProperty(tree, chosen, "bootargs")) return {};
  const auto text = FindText(tree, chosen, "bootargs");
  if (!text || text->size() > command_line_.size()) {
    return std::unexpected(TreeFault::kCommandLineTooLong);
  }
  std::ranges::copy(*text, command_line_.begin());
  command_line_length_ = text->size();
  return {};
}

// Linux's binding, not the Devicetree Specification's (schemas/chosen.yaml of dt-schema).
void DeviceTree::ReadSeed(const void* tree, int chosen) {
  const auto seed = FindProperty(tree, chosen, "rng-seed");
  if (seed) std::ranges::copy(seed->first(std::min(seed->size(), kSeedBytes)), seed_.begin());
}

// RAM partly in reach is split. What cannot be a range is passed on whole, for the memory map to
// refuse by name.
DeviceTree::Outcome DeviceTree::AddRam(const mm::PhysRange& ram, const mm::PhysRange& usable) {
  using mm::FirmwareKind;
  const auto add = [this](const mm::PhysRange& range, FirmwareKind kind) {
    return AddRange({range.base, range.size_bytes, kind});
  };
  if (ram.IsEmpty() || ram.Wraps()) return add(ram, FirmwareKind::kRam);
  if (!ram.Overlaps(usable)) return add(ram, FirmwareKind::kUnusable);
  if (ram.base < usable.base) {
    TRY(add({ram.base, usable.base - ram.base}, FirmwareKind::kUnusable));
  }
  TRY(add(mm::Intersection(ram, usable), FirmwareKind::kRam));
  if (usable.last() < ram.last()) {
    TRY(add(mm::FromFirstToLast(usable.last() + 1, ram.last()), FirmwareKind::kUnusable));
  }
  return {};
}

DeviceTree::Outcome DeviceTree::AddRange(const mm::FirmwareRange& range) {
  if (memory_count_ == memory_.size()) return std::unexpected(TreeFault::kTooManyRanges);
  memory_[memory_count_++] = range;
  return {};
}

DeviceTree::Outcome DeviceTree::AddReservation(const mm::PhysRange& range) {
  if (range.IsEmpty()) return {};
  if (range.Wraps()) return std::unexpected(TreeFault::kBadReservation);
  if (reservation_count_ == reservations_.size()) {
    return std::unexpected(TreeFault::kTooManyReservations);
  }
  reservations_[reservation_count_++] = range;
  return {};
}

}  // namespace arch::arm
