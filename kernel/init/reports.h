// What the kernel says about its memory: at boot, and when the monitor asks.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/base/print.h"
#include "kernel/init/system.h"
#include "kernel/mm/checks/layout_verify.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/space/thread_table.h"
#include "kernel/space/user_table.h"

namespace kernel {

enum class Verdict : uint8_t { kMatches, kDiffers };

void PrintMemoryMap(base::Sink& sink, const mm::MemoryMap& map);
void PrintFrames(base::Sink& sink, mm::PhysicalMemory& memory);

struct LiveReport {
  Verdict verdict;
  std::optional<mm::Finding> first;  // of what differs, where that has an address
};

// Walks the tables that the hardware uses now, compares every mapping with the layout, and ends
// with a `LAYOUT OK` line or with `LAYOUT FAULT` lines.
LiveReport VerifyLiveTables(base::Sink& sink, const System& system);

// The same for a process, whether its table is active or not: what the hardware would walk then.
LiveReport VerifyTablesOf(base::Sink& sink, const System& system, const UserTable& process,
                          mm::UserDevices devices = mm::UserDevices::kNone);

// The same for a native thread. What it has of its process is that one's to answer for.
LiveReport VerifyTablesOf(base::Sink& sink, const System& system, const ThreadTable& thread,
                          mm::UserDevices devices = mm::UserDevices::kNone);

// What start-up does about tables that differ.
[[noreturn]] void PanicOver(const LiveReport& report);

// The same without a word.
[[nodiscard]] bool LiveTablesMatch(const System& system);
[[nodiscard]] bool TablesMatch(const System& system, const UserTable& process);
[[nodiscard]] bool TablesMatch(const System& system, const ThreadTable& thread);

}  // namespace kernel
