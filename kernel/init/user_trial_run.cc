#include "kernel/init/user_trial_run.h"

#include <algorithm>
#include <cstring>

#include "arch/ops/user_copy.h"
#include "kernel/base/check.h"
#include "kernel/init/kernel_areas.h"
#include "kernel/space/user_range.h"

namespace kernel {
namespace {

constexpr uint64_t kStackBytes = 4 * mm::kPageSize;

// Where a program's words begin in its stack's page.
constexpr uint64_t kWordsOffset = mm::kPageSize - 64;
static_assert(arch::kTrialWords * sizeof(uintptr_t) <= 64);

// How long a program may run that has been given a forged frame.
constexpr unsigned kMostTicks = 3;

constexpr size_t kMostFrameBytes = 1024;  // more than any signal frame without its floating point

// Whose programs run: handlers are plain functions.
constinit TrialRun* running = nullptr;

uintptr_t SumOf(const arch::UserRegisters& registers) {
  uintptr_t sum = 0;
  for (unsigned index = 0; index < 6; ++index) {
    sum += (index + 1) * arch::Argument(registers, index);
  }
  return sum;
}

}  // namespace

void PrintEnd(base::Sink& sink, const TrialEnd& end) {
  switch (end.kind) {
    case TrialEnd::Kind::kDone:
      return base::Print(sink, "done with {}", end.status);
    case TrialEnd::Kind::kFault:
      return base::Print(sink, "{} at {}: {}", mm::AccessKindName(end.fault.access), end.fault.va,
                         mm::FaultCauseName(end.fault.cause));
    case TrialEnd::Kind::kException:
      return base::Print(sink, "exception {}", static_cast<unsigned>(end.exception));
    case TrialEnd::Kind::kRefused:
      return sink.Write("frame refused");
    case TrialEnd::Kind::kEndless:
      return sink.Write("no end");
  }
}

TrialRun::TrialRun(const System& system, TrialSpace& space)
    : system_(system),
      space_(space),
      handlers_before_(InstallTrapHandlers({.on_system_call = OnSystemCall,
                                            .on_user_fault = OnUserFault,
                                            .on_user_exception = OnUserException,
                                            .on_return_to_user = OnReturnToUser,
                                            .resolve_user_copy_fault = ResolveUserCopyFault,
                                            .on_timer = OnTimer,
                                            .on_interrupt = [](uint32_t) {}})) {
  CHECK(running == nullptr);
  running = this;
}

TrialRun::~TrialRun() {
  for (const Thread& thread : threads_) {
    if (thread.stack.IsEmpty()) continue;
    CHECK(system_.areas.areas().Free(thread.stack.base).has_value());
  }
  kernel_return_work.store(0, std::memory_order_relaxed);
  InstallTrapHandlers(handlers_before_);
  running = nullptr;
}

base::Result<> TrialRun::Start(TrialRun& run) {
  for (Thread& thread : run.threads_) {
    thread.stack = TRY(run.system_.areas.areas().Allocate(
        {.size_bytes = kStackBytes, .name = "stack of a trial"}));
  }
  return {};
}

TrialEnd TrialRun::Run(arch::TrialProgram program, uintptr_t word) {
  Prepare(0, EntryOf(program), word);
  RunPrepared();
  return threads_[0].end;
}

TrialEnd TrialRun::RunAt(mm::VirtAddr entry) {
  Prepare(0, entry, 0);
  RunPrepared();
  return threads_[0].end;
}

std::array<TrialEnd, 2> TrialRun::RunBoth(arch::TrialProgram first, uintptr_t first_word,
                                          arch::TrialProgram second, uintptr_t second_word) {
  Prepare(0, EntryOf(first), first_word);
  Prepare(1, EntryOf(second), second_word);
  RunPrepared();
  return {threads_[0].end, threads_[1].end};
}

void TrialRun::Prepare(size_t index, mm::VirtAddr entry, uintptr_t word) {
  const TrialPage page = index == 0 ? TrialPage::kStack : TrialPage::kOtherStack;
  const mm::VirtAddr words_va = space_.AddressOf(page) + kWordsOffset;
  const std::array<uintptr_t, arch::kTrialWords> words = {word};
  CHECK(arch::CopyToUser(words_va, words.data(), sizeof(words)) == 0);
  Thread& thread = threads_[index];
  arch::PrepareThread(thread.state, thread.stack, arch::StartRegisters(entry, words_va));
  thread.is_alive = true;
}

void TrialRun::RunPrepared() {
  current_ = 0;
  ticks_ = 0;
  arch::SwitchThread(monitor_, current().state, current().stack);
}

void TrialRun::Yield() {
  Thread& from = current();
  Thread& to = threads_[1 - current_];
  if (!to.is_alive) return;
  current_ = 1 - current_;
  arch::SwitchThread(from.state, to.state, to.stack);
}

void TrialRun::End(const TrialEnd& end) {
  Thread& from = current();
  from.end = end;
  from.is_alive = false;
  Yield();  // does not return if the other one goes on
  arch::SwitchThread(from.state, monitor_, system_.image.stacks()[0].stack);
}

void TrialRun::Sum(arch::UserRegisters& registers) {
  if (at_sum_ != nullptr) at_sum_();
  arch::SetResult(registers, static_cast<intptr_t>(SumOf(registers)));
  if (restarts_ == 0) return;
  --restarts_;
  arch::RestartSystemCall(registers);
}

void TrialRun::Raise(arch::UserRegisters& registers) {
  std::array<std::byte, arch::kSignalInfoBytes> info{};
  std::memcpy(info.data(), &arch::kTrialSignal, sizeof(arch::kTrialSignal));
  arch::SetResult(registers, static_cast<intptr_t>(arch::TrialCall::kRaise));
  const bool pushed =
      arch::PushSignalFrame(registers, current().state,
                            {.signal = arch::kTrialSignal,
                             .kind = frame_kind_,
                             .handler = EntryOf(arch::TrialProgram::kSignalHandler),
                             .restorer = EntryOf(arch::TrialProgram::kSignalRestorer),
                             .info = info,
                             .blocked = 0,
                             .fault_va = {},
                             .stack_pointer = arch::StackPointer(registers),
                             .alternate_stack = {},
                             .alternate_stack_flags = 0});
  if (!pushed) End({.kind = TrialEnd::Kind::kRefused});
}

// One word in three has one bit changed: most of it is as it should be.
void TrialRun::Scramble(mm::VirtAddr frame_va) {
  constexpr unsigned kMostWords = 4;
  constexpr std::array<uint64_t, 3> kValues = {0, ~uint64_t{0}, uint64_t{1} << 63};
  const uint64_t words = (space_.AddressOf(TrialPage::kOtherStack) - frame_va) / sizeof(uint64_t);
  for (unsigned left = 1 + random_() % kMostWords; left > 0; --left) {
    const mm::VirtAddr va = frame_va + random_() % words * sizeof(uint64_t);
    uint64_t word = 0;
    CHECK(arch::CopyFromUser(&word, va, sizeof(word)) == 0);
    if (random_() % 3 == 0) {
      word ^= uint64_t{1} << random_() % 64;
    } else {
      word = kValues[random_() % kValues.size()];
    }
    CHECK(arch::CopyToUser(va, &word, sizeof(word)) == 0);
  }
}

void TrialRun::Forge(mm::VirtAddr frame_va) {
  if (fate_ == FrameFate::kKept) return;
  if (fate_ == FrameFate::kScrambled) return Scramble(frame_va);
  std::array<std::byte, kMostFrameBytes> bytes;
  bytes.fill(fate_ == FrameFate::kFilled ? std::byte{0xff} : std::byte{0});
  CHECK(arch::CopyToUser(frame_va, bytes.data(), bytes.size()) == 0);
}

void TrialRun::ReturnFromSignal(arch::UserRegisters& registers) {
  Forge(arch::StackPointer(registers));
  uint64_t blocked = 0;
  const bool popped = arch::PopSignalFrame(registers, current().state, frame_kind_, blocked);
  if (!popped) End({.kind = TrialEnd::Kind::kRefused});
}

void TrialRun::DoCall(arch::UserRegisters& registers) {
  switch (static_cast<arch::TrialCall>(arch::SystemCallNumber(registers))) {
    case arch::TrialCall::kNull:
      return;
    case arch::TrialCall::kSum:
      return running->Sum(registers);
    case arch::TrialCall::kYield:
      return running->Yield();
    case arch::TrialCall::kRaise:
      return running->Raise(registers);
    case arch::TrialCall::kReturn:
      return running->ReturnFromSignal(registers);
    case arch::TrialCall::kDone:
      return running->End({.kind = TrialEnd::Kind::kDone, .status = arch::Argument(registers, 0)});
  }
}

intptr_t TrialRun::OnSystemCall(arch::UserRegisters& registers) {
  DoCall(registers);
  return arch::Result(registers);
}

void TrialRun::OnUserFault(mm::FaultInfo fault, arch::UserRegisters&) {
  running->End({.kind = TrialEnd::Kind::kFault, .fault = fault});
}

void TrialRun::OnUserException(UserException exception, mm::VirtAddr pc, arch::UserRegisters&) {
  running->End({.kind = TrialEnd::Kind::kException, .exception = exception, .pc = pc});
}

void TrialRun::OnReturnToUser(arch::UserRegisters&) {
  kernel_return_work.store(0, std::memory_order_relaxed);
  if (running->fate_ != FrameFate::kKept && running->ticks_ > kMostTicks) {
    running->End({.kind = TrialEnd::Kind::kEndless});
  }
  running->Yield();
}

bool TrialRun::ResolveUserCopyFault(const mm::FaultInfo& fault) {
  const mm::VirtRange missing{running->space_.AddressOf(TrialPage::kMissing), mm::kPageSize};
  if (!running->adds_missing_page_ || !missing.Contains(fault.va)) return false;
  running->adds_missing_page_ = false;
  return running->space_.AddPage(TrialPage::kMissing).has_value();
}

void TrialRun::OnTimer(uint32_t ticks) {
  running->ticks_ += ticks;
  kernel_return_work.store(1, std::memory_order_relaxed);
}

}  // namespace kernel
