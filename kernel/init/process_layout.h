// Whether a running process is as the layout has it.
#pragma once

#include <cstdint>
#include <optional>

#include "arch/ops/paging.h"
#include "kernel/base/print.h"
#include "kernel/init/system.h"
#include "kernel/mm/checks/layout_verify.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/space/shared_region.h"
#include "kernel/process/process.h"
#include "kernel/process/process_facts.h"

namespace kernel {

// Whether the process may have devices' registers.
[[nodiscard]] inline mm::UserDevices DevicesOf(const process::Process& process) {
  return process.system != nullptr ? mm::UserDevices::kSome : mm::UserDevices::kNone;
}

// Of the first table that the processor walks: a process's or a native thread's.
template <class Table>
[[nodiscard]] uint64_t RootBytes(const Table& table) {
  return sizeof(arch::PagingPolicy::Entry) << table.table().shape().index_bits;
}

// Prints what VerifyTablesOf() says; of an application of the image also its parts, byte for byte;
// and last "PROCESS OK ..." or "PROCESS FAULT ...".
class ProcessLayout final : public process::LayoutPrinter {
 public:
  // Both outlive it.
  ProcessLayout(const System& system, const mm::SharedRegion& shared_region)
      : system_(system), shared_region_(shared_region) {}

  void Print(process::Process& process, base::Sink& sink) override;

 private:
  void PrintPlanned(process::Process& process, base::Sink& sink);
  // Of the user's pages; nothing when none shows a frame of the image.
  [[nodiscard]] std::optional<mm::VirtAddr> FindPageOfImage(process::Process& process) const;

  // What lies where blocks of global shared memory are, and is not a part of the block there;
  // nothing when all is right.
  [[nodiscard]] std::optional<mm::VirtAddr> FindWrongBlock(process::Process& process) const;

  const System& system_;
  const mm::SharedRegion& shared_region_;
};

}  // namespace kernel
