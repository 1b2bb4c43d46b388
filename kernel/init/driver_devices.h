// The machine's interrupt lines, registers and device memory, for drivers in the system process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kernel/fs/frame_archive.h"
#include "kernel/init/boot_info.h"
#include "kernel/init/system.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/paged_object.h"
#include "kernel/process/device_source.h"
#include "kernel/process/interrupt_lines.h"

namespace kernel {

class DriverDevices final : public process::InterruptController, public process::DeviceSource {
 public:
  // `system` and `objects` outlive this.
  DriverDevices(const System& system, const BootInfo& boot, mm::PagedObjectPool& objects);

  [[nodiscard]] size_t LineCount() const override;
  void Open(uint32_t line, process::Trigger trigger) override;
  void Close(uint32_t line) override;
  void Unmask(uint32_t line) override;

  [[nodiscard]] bool IsForDrivers(const mm::PhysRange& pages) const override;
  [[nodiscard]] base::Result<process::ContiguousMemory> AllocateContiguous(
      uint64_t size_bytes) override;
  [[nodiscard]] uint64_t TreeBytes() const override;
  void ReadTree(uint64_t offset, std::span<std::byte> to) const override;

 private:
  const System& system_;
  mm::PagedObjectPool& objects_;
  std::optional<fs::FrameArchive> tree_;
};

}  // namespace kernel
