#include "kernel/process/absent_pages.h"

#include <algorithm>
#include <utility>

#include "kernel/fs/disk.h"
#include "kernel/mm/space/memory_object.h"
#include "kernel/mm/space/vma.h"
#include "kernel/posix/errno.h"
#include "kernel/process/system.h"

namespace process {
namespace {

// The page of the area's object at an address in it.
uint64_t NumberAt(const mm::VmaReport& area, mm::VirtAddr va) {
  return (area.offset_bytes + area.range.OffsetOf(va)) / mm::kPageSize;
}

bool EndedWith(const arch::UserRegisters& registers, posix::Errno error) {
  return arch::Result(registers) == posix::ReturnValueOf(error);
}

}  // namespace

mm::FaultOutcome LoadPageAt(Process& process, mm::VirtAddr va) {
  const auto area = process.space->Find(va);
  // Another thread has unmapped it: the next fault will tell.
  if (!area || !area->object) return mm::FaultOutcome::kResolved;
  switch (area->object->LoadPage(NumberAt(*area, va))) {
    case mm::PageMove::kDone:
    case mm::PageMove::kInterrupted:
      return mm::FaultOutcome::kResolved;
    case mm::PageMove::kOutOfMemory:
      return mm::FaultOutcome::kOutOfMemory;
    case mm::PageMove::kFailed:
      break;
  }
  return mm::FaultOutcome::kBeyondObject;
}

// Whatever blocks may change the areas: each page is looked for anew.
posix::Result<> LoadPages(Process& process, const mm::VirtRange& range) {
  if (range.IsEmpty() || range.Wraps()) return {};
  mm::VirtAddr va = range.base;
  while (true) {
    const auto area = process.space->FindFirstNotBelow(va);
    if (!area || area->range.base > range.last()) return {};
    va = std::max(va, area->range.base);
    const bool loads = area->object && area->object->LoadsPages();
    const uint64_t number = NumberAt(*area, va);
    const bool is_of_object = number < mm::PagesFor(loads ? area->object->size_bytes() : 0).value;
    if (is_of_object && !area->object->HasPage(number)) {
      TRY(fs::ResultOf(area->object->LoadPage(number)));
    }
    const mm::VirtAddr last = is_of_object ? va + (mm::kPageSize - 1) : area->range.last();
    if (last >= range.last()) return {};
    va = last + 1;
  }
}

// As if a signal had come: no wait begins any more, and the way back comes by.
void NoteAbsentPage(UserThread& thread, mm::VirtAddr va) {
  thread.absent_page = va;
  TheSystem().scheduler().SetSignal(thread, true);
}

void LoadAbsentPage(UserThread& thread, arch::UserRegisters& registers) {
  const auto va = std::exchange(thread.absent_page, std::nullopt);
  if (!va || !arch::IsSystemCall(registers) || !EndedWith(registers, posix::Errno::kFault)) return;
  if (LoadPageAt(thread.process(), *va) != mm::FaultOutcome::kResolved) return;
  arch::SetResult(registers, posix::ReturnValueOf(posix::Errno::kRestart));
}

}  // namespace process
