// What programs are told of the system as a whole.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernel/base/function_ref.h"
#include "kernel/base/print.h"
#include "kernel/fs/memory_source.h"
#include "kernel/init/system.h"
#include "kernel/mm/space/user_frames.h"
#include "kernel/process/process_facts.h"
#include "kernel/process/system.h"
#include "kernel/sched/load_average.h"
#include "kernel/syscall/host_name.h"
#include "kernel/syscall/unknown_calls.h"

namespace kernel {

class RunningSystemSource final : public fs::SystemSource {
 public:
  // All outlive it.
  struct Parts {
    process::System& processes;
    fs::Environment& world;
    const syscall::HostName& host_name;
    const UnknownCalls& unknown_calls;
    std::string_view command_line;
    const kernel::System& system;
    const mm::UserFrames& frames;
    process::LayoutPrinter& layout;
  };

  explicit RunningSystemSource(const Parts& parts) : parts_(parts) {}

  // On each tick.
  void OnTick();

  fs::SystemFacts Facts() override;
  fs::SystemNames Names() override;
  std::string_view CommandLine() override { return parts_.command_line; }
  int32_t process_id_limit() override { return process::PidTable::kLimit; }
  void PrintProcessor(base::Sink& sink) override;
  uint64_t OtherUnknownCalls() override { return parts_.unknown_calls.others(); }
  void VisitUnknownCalls(base::FunctionRef<void(uint32_t, uint64_t)> visitor) override;
  void VisitInterruptLines(base::FunctionRef<void(const fs::InterruptLineFacts&)> visitor) override;
  void PrintVerification(base::Sink& sink) override;
  void DropCaches() override;

 private:
  [[nodiscard]] size_t Runnable() const;

  Parts parts_;
  sched::LoadAverage load_;
};

}  // namespace kernel
