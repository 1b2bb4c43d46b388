#include "kernel/process/application_loader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/space_request.h"
#include "kernel/process/heap_block.h"
#include "kernel/process/system.h"
#include "kernel/space/user_pointer.h"

namespace process {
namespace {

using posix::Errno;

// main, the number of arguments, and behind them a null.
constexpr size_t kOtherWords = 3;

size_t WordsFor(const ArgumentBlock& arguments) { return arguments.argument_count() + kOtherWords; }

uint64_t BytesFor(const ArgumentBlock& arguments) {
  return arguments.argument_bytes() + WordsFor(arguments) * sizeof(uintptr_t);
}

}  // namespace

posix::Result<const Application*> FindApplication(std::string_view interpreter) {
  if (!interpreter.starts_with(kApplicationPrefix)) return nullptr;
  const auto all = TheSystem().environment().applications.applications();
  const auto found =
      std::ranges::find(all, interpreter.substr(kApplicationPrefix.size()), &Application::name);
  if (found == all.end()) return std::unexpected(Errno::kNoEntry);
  return &*found;
}

posix::Result<ApplicationImage> MapApplication(const Application& application,
                                               const ArgumentBlock& arguments) {
  const Environment& environment = TheSystem().environment();
  const auto plan = mm::ProcessPlan::Make(
      environment.placement.bounds(), {.heap_bytes = application.heap_bytes,
                                       .stack_bytes = application.stack_bytes,
                                       .shared_bytes = environment.applications.shared_bytes()});
  if (!plan) return std::unexpected(Errno::kNotExecutable);
  if (BytesFor(arguments) > plan->stack().size_bytes / 2) {
    return std::unexpected(Errno::kArgumentsTooLong);
  }
  auto space = environment.spaces.CreateSpace();
  if (!space) return std::unexpected(Errno::kOutOfMemory);
  (*space)->StartHeap(plan->heap().base);
  (*space)->SetStackLimit(plan->TopFrom(plan->stack().base).size_bytes);
  const mm::VirtRange top = plan->TopFrom(plan->FirstExtent().stack_base);
  const auto mapped = (*space)->Map({.size_bytes = top.size_bytes,
                                     .access = mm::Access::kReadWrite,
                                     .may = mm::Access::kReadWrite,
                                     .kind = mm::VmaKind::kStack,
                                     .place = mm::Place::kExactlyFree,
                                     .va = top.base});
  if (!mapped) return std::unexpected(Errno::kOutOfMemory);
  return ApplicationImage{.space = *std::move(space), .plan = *plan};
}

posix::Result<mm::VirtAddr> WriteApplicationStack(const Application& application,
                                                  const mm::ProcessPlan& plan,
                                                  const ArgumentBlock& arguments) {
  const Environment& environment = TheSystem().environment();
  TRY(environment.applications.CopyShared(plan.shared().base));
  const mm::VirtAddr texts = plan.shared().base - arguments.argument_bytes();
  const auto bytes = arguments.bytes().first(arguments.argument_bytes());
  TRY(kernel::WriteUser(texts, std::as_bytes(bytes)));

  const auto block = TRY(HeapBlock<uintptr_t>::Make(environment.heap, WordsFor(arguments)));
  const std::span<uintptr_t> words = block.items();
  words[0] = reinterpret_cast<uintptr_t>(application.main);
  words[1] = arguments.argument_count();
  size_t offset = 0;
  for (size_t index = 0; index < arguments.argument_count(); ++index) {
    words[2 + index] = static_cast<uintptr_t>(texts.value + offset);
    offset += std::string_view(bytes.data() + offset).size() + 1;
  }
  words.back() = 0;
  const mm::VirtAddr stack_pointer =
      mm::AlignDown(texts - words.size_bytes(), mm::ProcessPlan::kPackedAlignment);
  TRY(kernel::WriteUser(stack_pointer, std::as_bytes(words)));
  return stack_pointer;
}

}  // namespace process
