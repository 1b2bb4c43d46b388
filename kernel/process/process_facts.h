// What /proc shows of processes.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/base/function_ref.h"
#include "kernel/base/print.h"
#include "kernel/fs/process_source.h"
#include "kernel/fs/terminal.h"
#include "kernel/ipc/shared_segments.h"
#include "kernel/mm/regions/frame_window.h"
#include "kernel/process/system.h"

namespace process {

// Compares processes with the layout; kernel/init gives it.
class LayoutPrinter {
 public:
  // Of a process that has memory.
  virtual void Print(Process& process, base::Sink& sink) = 0;

 protected:
  LayoutPrinter() = default;
  ~LayoutPrinter() = default;
  LayoutPrinter(const LayoutPrinter&) = default;
  LayoutPrinter& operator=(const LayoutPrinter&) = default;
};

class ProcessFacts final : public fs::ProcessSource {
 public:
  // All outlive it. Ticks come `ticks_per_second`. Every object that has an owner, but the
  // segments, is a file's and owned by its inode. The terminal is shown as `terminal_device`.
  struct Parts {
    System& system;
    mm::FrameWindows& windows;
    const ipc::SharedSegments& segments;
    LayoutPrinter& layout;
    const fs::Terminal& terminal;
    posix::DeviceNumber terminal_device;
    uint64_t ticks_per_second;
  };

  explicit ProcessFacts(const Parts& parts) : parts_(parts) {}

  std::optional<fs::ProcessId> FindNext(fs::ProcessId after) override;
  std::optional<fs::ProcessId> FindNextThread(fs::ProcessId process, fs::ProcessId after) override;
  fs::ProcessId Current() override;
  bool Find(fs::ProcessId id, fs::ProcessFacts& facts) override;
  fs::ProcessMemory MeasureMemory(fs::ProcessId process) override;
  bool VisitMappings(fs::ProcessId process, fs::CountPages count,
                     base::FunctionRef<void(const fs::MappingFacts&)> visitor) override;
  bool PrintLayout(fs::ProcessId id, base::Sink& sink) override;
  posix::Result<size_t> ReadText(fs::ProcessId process, fs::ProcessText text, uint64_t offset,
                                 fs::Destination& destination) override;
  fs::Ref<fs::Inode> Executable(fs::ProcessId process) override;
  fs::Ref<fs::Inode> WorkingDirectory(fs::ProcessId process) override;
  fs::Ref<fs::FileTable> Files(fs::ProcessId process) override;

 private:
  [[nodiscard]] Process* FindProcess(fs::ProcessId id) const;
  // A thread of that number, or the first of a process of that number; null if there is none.
  [[nodiscard]] UserThread* FindThread(fs::ProcessId id) const;
  [[nodiscard]] uint64_t NanosecondsOf(uint64_t ticks) const;
  [[nodiscard]] fs::Inode* FileOf(const mm::VmaReport& area) const;
  void AddMemory(Process& process, fs::ProcessFacts& facts) const;
  void AddThread(UserThread& thread, fs::ProcessFacts& facts) const;

  Parts parts_;
};

}  // namespace process
