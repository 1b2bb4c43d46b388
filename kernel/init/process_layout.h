// Whether a running process is as the layout has it.
#pragma once

#include <optional>

#include "kernel/base/print.h"
#include "kernel/init/system.h"
#include "kernel/mm/address.h"
#include "kernel/process/process.h"
#include "kernel/process/process_facts.h"

namespace kernel {

// Prints what VerifyTablesOf() says; of an application of the image also its parts, byte for byte;
// and last "PROCESS OK ..." or "PROCESS FAULT ...".
class ProcessLayout final : public process::LayoutPrinter {
 public:
  // `system` outlives it.
  explicit ProcessLayout(const System& system) : system_(system) {}

  void Print(process::Process& process, base::Sink& sink) override;

 private:
  void PrintPlanned(process::Process& process, base::Sink& sink);
  // Of the user's pages; nothing when none shows a frame of the image.
  [[nodiscard]] std::optional<mm::VirtAddr> FindPageOfImage(process::Process& process) const;

  const System& system_;
};

}  // namespace kernel
