// What the flattened device tree says of the machine's memory and of how the kernel was started.
//
// Devicetree Specification 0.4: 3.4 (/memory), 3.5 (/reserved-memory), 3.6 (/chosen), 5.3 (memory
// reservation block). The tree is firmware's: it is checked before it is believed, and the copy
// made here points nowhere into it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"

namespace arch::arm {

enum class TreeFault : uint8_t {
  kBadMagic,             // no device tree at this address
  kTooLarge,             // longer than what may be read of it
  kBroken,               // fdt_check_full() refuses it
  kNoMemory,             // no enabled node with device_type = "memory"
  kBadMemory,            // such a node's "reg" cannot be read
  kTooManyRanges,        // more than kMaxRanges pieces of RAM
  kBadReservation,       // a reservation's "reg" cannot be read, or wraps
  kTooManyReservations,  // more than kMaxReservations
  kBadInitrd,            // its ends are not in order, or only one is given
  kCommandLineTooLong,   // more than kMaxCommandLine characters, or not terminated
};

// One sentence for the console.
const char* Describe(TreeFault fault);

class DeviceTree {
 public:
  static constexpr size_t kMaxRanges = 32;
  static constexpr size_t kMaxReservations = 32;
  static constexpr size_t kMaxCommandLine = 2047;
  static constexpr size_t kSeedBytes = 32;

  using Outcome = std::expected<void, TreeFault>;

  // Copies the tree whose first byte is `bytes[0]`, 8-byte aligned, and that ends in `bytes`. RAM
  // outside `usable` becomes kUnusable. After an error the object holds nothing of use.
  Outcome ReadFrom(std::span<const std::byte> bytes, const mm::PhysRange& usable);

  // In the tree's order, sizes and addresses unchecked: mm::MemoryMap judges them.
  std::span<const mm::FirmwareRange> memory() const { return {memory_.data(), memory_count_}; }
  // Of the reservation block and of /reserved-memory; never empty, never wrapping.
  std::span<const mm::PhysRange> reservations() const {
    return {reservations_.data(), reservation_count_};
  }
  // Never empty, never wrapping.
  const std::optional<mm::PhysRange>& initrd() const { return initrd_; }
  std::string_view command_line() const { return {command_line_.data(), command_line_length_}; }
  // What the boot loader gave to seed random numbers with; zeroes where it gave less.
  const std::array<std::byte, kSeedBytes>& seed() const { return seed_; }
  uint64_t size_bytes() const { return size_bytes_; }

 private:
  Outcome ReadMemory(const void* tree, const mm::PhysRange& usable);
  Outcome ReadReservationBlock(const void* tree);
  Outcome ReadReservedMemory(const void* tree);
  Outcome ReadInitrd(const void* tree, int chosen);
  Outcome ReadCommandLine(const void* tree, int chosen);
  void ReadSeed(const void* tree, int chosen);

  Outcome AddRam(const mm::PhysRange& ram, const mm::PhysRange& usable);
  Outcome AddRange(const mm::FirmwareRange& range);
  Outcome AddReservation(const mm::PhysRange& range);

  uint64_t size_bytes_ = 0;
  size_t memory_count_ = 0;
  size_t reservation_count_ = 0;
  size_t command_line_length_ = 0;
  std::optional<mm::PhysRange> initrd_;
  std::array<mm::FirmwareRange, kMaxRanges> memory_{};
  std::array<mm::PhysRange, kMaxReservations> reservations_{};
  std::array<char, kMaxCommandLine> command_line_{};
  std::array<std::byte, kSeedBytes> seed_{};
};

}  // namespace arch::arm
