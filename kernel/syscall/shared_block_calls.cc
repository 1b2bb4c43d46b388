#include "kernel/syscall/shared_block_calls.h"

#include <optional>

#include "kernel/base/bits.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/space/shared_region.h"
#include "kernel/process/current.h"
#include "kernel/process/shared_blocks.h"
#include "kernel/syscall/services.h"

namespace syscall {

using posix::Errno;

posix::CallResult MakeSharedBlock(uintptr_t bytes) {
  const auto whole_pages = base::TryAlignUp(bytes, mm::kPageSize);
  if (bytes == 0 || !whole_pages) return std::unexpected(Errno::kInvalid);
  if (*whole_pages > TheServices().all_memory.bytes()) return std::unexpected(Errno::kOutOfMemory);
  return static_cast<intptr_t>(
      TRY(process::MakeBlock(kernel::CurrentProcess(), *whole_pages)).value);
}

posix::CallResult ReleaseSharedBlock(uintptr_t address) {
  TRY(process::ReleaseBlock(kernel::CurrentProcess(), mm::VirtAddr{address}));
  return 0;
}

posix::CallResult FindSharedBlock(uintptr_t address, UserSharedBlock status) {
  const auto block = TheServices().shared_region.Find(mm::VirtAddr{address});
  if (!block) return std::unexpected(Errno::kNoEntry);
  TRY(status.Write({.base = block->range.base.value,
                    .size_bytes = block->range.size_bytes,
                    .maker = block->maker,
                    .views = static_cast<uint32_t>(block->object->views())}));
  return 0;
}

}  // namespace syscall
