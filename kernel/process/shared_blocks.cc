#include "kernel/process/shared_blocks.h"

#include <optional>

#include "kernel/posix/resource.h"
#include "kernel/process/system.h"

namespace process {
namespace {

using posix::Errno;

mm::SharedRegion& Region() { return TheSystem().environment().shared_region; }

// RLIMIT_AS.
bool HasRoom(const Process& process, uint64_t more_bytes) {
  const uint64_t limit = process.limits[posix::Resource::kAddressSpaceBytes].soft;
  if (limit == posix::kUnlimited) return true;
  const uint64_t used = process.space->counters().areas.total.bytes();
  return used <= limit && more_bytes <= limit - used;
}

posix::Result<> Show(Process& process, const mm::SharedRegion::Block& block) {
  // An application of the kernel image has its parts and nothing else.
  if (process.plan) return std::unexpected(Errno::kNotPermitted);
  const auto shown = process.space->Map(mm::SharedRegion::Showing(block));
  if (shown) return {};
  const bool is_memory = shown.error() == base::Error::kOutOfMemory;
  return std::unexpected(is_memory ? Errno::kOutOfMemory : Errno::kFault);
}

}  // namespace

posix::Result<> AttachBlock(Process& process, mm::VirtAddr va) {
  const auto block = Region().Find(va);
  if (!block || !HasRoom(process, block->range.size_bytes)) return std::unexpected(Errno::kFault);
  return Show(process, *block);
}

posix::Result<mm::VirtAddr> MakeBlock(Process& process, uint64_t size_bytes) {
  if (!HasRoom(process, size_bytes)) return std::unexpected(Errno::kOutOfMemory);
  const auto block = Region().Make(size_bytes, process.id());
  if (!block) return std::unexpected(posix::ErrnoOf(block.error()));
  TRY(Show(process, *block));
  return block->range.base;
}

posix::Result<> ReleaseBlock(Process& process, mm::VirtAddr va) {
  const auto block = Region().Find(va);
  if (!block || block->range.base != va) return std::unexpected(Errno::kInvalid);
  const auto area = process.space->FindFirstNotBelow(va);
  if (!area || area->range.base > block->range.last()) return std::unexpected(Errno::kInvalid);
  // Of areas that lie in the range whole, none is cut.
  const auto unmapped = process.space->Unmap(block->range);
  if (!unmapped) return std::unexpected(posix::ErrnoOf(unmapped.error()));
  return {};
}

}  // namespace process
