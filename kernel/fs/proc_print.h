// The texts of /proc, each by a function.
#pragma once

#include <string_view>

#include "kernel/base/print.h"
#include "kernel/fs/proc.h"
#include "kernel/fs/process_source.h"
#include "kernel/posix/errno.h"

namespace fs::proc {

// Of the system.
void PrintBuddyInfo(const ProcParts& parts, base::Sink& sink);
void PrintCommandLine(const ProcParts& parts, base::Sink& sink);
void PrintCpuInfo(const ProcParts& parts, base::Sink& sink);
void PrintFilesystems(const ProcParts& parts, base::Sink& sink);
// Linux's columns; where that names drivers, which the kernel does not know, how many handlers
// there are, and whether the controller lets the line through.
void PrintInterrupts(const ProcParts& parts, base::Sink& sink);
void PrintLoadAverage(const ProcParts& parts, base::Sink& sink);
void PrintMemInfo(const ProcParts& parts, base::Sink& sink);
void PrintMounts(const ProcParts& parts, base::Sink& sink);
void PrintSlabInfo(const ProcParts& parts, base::Sink& sink);
void PrintStat(const ProcParts& parts, base::Sink& sink);
// Ours: a line for each system call that nobody answers, its number and how often it was made.
void PrintUnknownCalls(const ProcParts& parts, base::Sink& sink);
void PrintUptime(const ProcParts& parts, base::Sink& sink);
// Ours: SystemSource::PrintVerification().
void PrintVerification(const ProcParts& parts, base::Sink& sink);
void PrintVersion(const ProcParts& parts, base::Sink& sink);
void PrintVmallocInfo(const ProcParts& parts, base::Sink& sink);
void PrintVmStat(const ProcParts& parts, base::Sink& sink);
void PrintZoneInfo(const ProcParts& parts, base::Sink& sink);
// /proc/sys/kernel.
void PrintHostName(const ProcParts& parts, base::Sink& sink);
void PrintOsRelease(const ProcParts& parts, base::Sink& sink);
void PrintOsType(const ProcParts& parts, base::Sink& sink);
void PrintPidMax(const ProcParts& parts, base::Sink& sink);
// /proc/sys/vm.
void PrintDropCaches(const ProcParts& parts, base::Sink& sink);
[[nodiscard]] posix::Result<> SetDropCaches(const ProcParts& parts, std::string_view text);

// Of a process or a thread. False when there is no such any more.
[[nodiscard]] bool PrintProcessName(const ProcParts& parts, ProcessId id, base::Sink& sink);
[[nodiscard]] bool PrintProcessStat(const ProcParts& parts, ProcessId id, base::Sink& sink);
[[nodiscard]] bool PrintProcessStatm(const ProcParts& parts, ProcessId id, base::Sink& sink);
[[nodiscard]] bool PrintProcessStatus(const ProcParts& parts, ProcessId id, base::Sink& sink);
[[nodiscard]] bool PrintMaps(const ProcParts& parts, ProcessId id, base::Sink& sink);
// Ours: what comes of a comparison of the process's page tables with the layout.
[[nodiscard]] bool PrintProcessLayout(const ProcParts& parts, ProcessId id, base::Sink& sink);
[[nodiscard]] bool PrintSmaps(const ProcParts& parts, ProcessId id, base::Sink& sink);

}  // namespace fs::proc
