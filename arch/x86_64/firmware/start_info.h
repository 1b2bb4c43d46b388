// The PVH start info: what a PVH loader (QEMU -kernel, Xen, cloud-hypervisor) tells a kernel.
//
// Structures: Xen public headers, arch-x86/hvm/start_info.h. Everything the loader wrote is input
// to be checked; the copy made here points nowhere into the loader's memory, which the kernel will
// hand out as free RAM.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "arch/x86_64/firmware/physical_view.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"

namespace arch::x86_64 {

enum class StartInfoFault : uint8_t {
  kOutOfReach,          // the structure itself is not in memory we can read
  kBadMagic,            // not a PVH start info
  kNoMemoryMap,         // version 0, or a map without entries
  kMapOutOfReach,       // the memory map is not in memory we can read
  kTooManyRanges,       // more than kMaxRanges
  kTooManyModules,      // more than kMaxModules
  kModulesOutOfReach,   // the module list is not in memory we can read
  kModuleWraps,         // a module runs past the top of the physical address space
  kCommandLineTooLong,  // more than kMaxCommandLine characters, or unreadable to its end
};

// One sentence for the console.
const char* Describe(StartInfoFault fault);

class StartInfo {
 public:
  static constexpr size_t kMaxRanges = 128;
  static constexpr size_t kMaxModules = 8;
  static constexpr size_t kMaxCommandLine = 2047;

  // Copies the start info at `pa` and all that it points to into this object. After an error the
  // object holds nothing of use.
  std::expected<void, StartInfoFault> ReadFrom(const PhysicalView& view, mm::PhysAddr pa);

  uint32_t version() const { return version_; }
  // In the loader's order, sizes and addresses unchecked: mm::MemoryMap judges them.
  std::span<const mm::FirmwareRange> memory() const { return {memory_.data(), memory_count_}; }
  // Where the loader put each module; never empty, never wrapping.
  std::span<const mm::PhysRange> modules() const { return {modules_.data(), module_count_}; }
  std::string_view command_line() const { return {command_line_.data(), command_line_length_}; }
  // Where the ACPI root pointer is; 0 if the loader names none.
  mm::PhysAddr acpi_root_pointer() const { return acpi_root_pointer_; }

 private:
  using Outcome = std::expected<void, StartInfoFault>;
  Outcome ReadMemoryMap(const PhysicalView& view, mm::PhysAddr pa, uint32_t count);
  Outcome ReadModules(const PhysicalView& view, mm::PhysAddr pa, uint32_t count);
  Outcome ReadCommandLine(const PhysicalView& view, mm::PhysAddr pa);

  uint32_t version_ = 0;
  size_t memory_count_ = 0;
  size_t module_count_ = 0;
  size_t command_line_length_ = 0;
  mm::PhysAddr acpi_root_pointer_{};
  std::array<mm::FirmwareRange, kMaxRanges> memory_{};
  std::array<mm::PhysRange, kMaxModules> modules_{};
  std::array<char, kMaxCommandLine> command_line_{};
};

}  // namespace arch::x86_64
