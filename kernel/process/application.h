// Applications that are part of the kernel image: no file has them. Layouts that say how a process
// is packed (mm::Layout::process_parts) share the image's code and constants with every process,
// and such an application is a process that needs nothing else to run.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/mm/facts/address.h"
#include "kernel/posix/errno.h"

namespace process {

struct Application {
  std::string_view name;
  int (*main)(int argument_count, char** arguments);  // runs in user mode
  uint64_t heap_bytes;                                // at most
  uint64_t stack_bytes;                               // at most
};

// What a script's interpreter begins with that is an application: "#!kernel:name".
inline constexpr std::string_view kApplicationPrefix = "kernel:";

// Those of this kernel, and what contexts share.
class ApplicationSource {
 public:
  [[nodiscard]] virtual std::span<const Application> applications() const = 0;
  // Of the image: where user mode enters it, with a stack as WriteApplicationStack() leaves it.
  [[nodiscard]] virtual mm::VirtAddr start() const = 0;

  // Of what each context has its own copy of.
  [[nodiscard]] virtual uint64_t shared_bytes() const = 0;
  // Makes the copy of the process that runs. Nobody can read the original before and after. Errors:
  // kOutOfMemory, kFault.
  [[nodiscard]] virtual posix::Result<> CopyShared(mm::VirtAddr to) = 0;

 protected:
  ApplicationSource() = default;
  ~ApplicationSource() = default;
  ApplicationSource(const ApplicationSource&) = default;
  ApplicationSource& operator=(const ApplicationSource&) = default;
};

}  // namespace process
