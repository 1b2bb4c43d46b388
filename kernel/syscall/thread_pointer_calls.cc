#include "kernel/syscall/thread_pointer_calls.h"

#include "arch/ops/cache.h"
#include "arch/ops/thread_state.h"
#include "kernel/mm/facts/range.h"
#include "kernel/process/current.h"
#include "kernel/space/user_pointer.h"
#include "kernel/space/user_range.h"

namespace syscall {
namespace {

using posix::Errno;

// Linux's arch/x86/include/uapi/asm/prctl.h.
constexpr int kSetFs = 0x1002;
constexpr int kGetFs = 0x1003;

}  // namespace

posix::CallResult ArchPrctl(int code, uintptr_t value) {
  switch (code) {
    case kSetFs:
      // Also where the kernel's addresses are in the processor's lower half.
      if (value != 0 && !kernel::IsUserRange({mm::VirtAddr{value}, 1})) {
        return std::unexpected(Errno::kNotPermitted);
      }
      return SetTls(value);
    case kGetFs:
      TRY(kernel::UserPointer<uintptr_t>(value).Write(
          arch::ThreadPointer(kernel::CurrentThread().state())));
      return 0;
    default:
      return std::unexpected(Errno::kInvalid);
  }
}

posix::CallResult SetTls(uintptr_t value) {
  if (!arch::SetThreadPointer(kernel::CurrentThread().state(), value)) {
    return std::unexpected(Errno::kNotPermitted);
  }
  return 0;
}

posix::CallResult Cacheflush(uintptr_t first, uintptr_t limit, uint32_t flags) {
  if (flags != 0 || limit < first) return std::unexpected(Errno::kInvalid);
  const mm::VirtRange range{mm::VirtAddr{first}, limit - first};
  if (range.IsEmpty()) return 0;
  if (!kernel::IsUserRange(range) || !arch::MakeUserCodeCurrent(range)) {
    return std::unexpected(Errno::kFault);
  }
  return 0;
}

}  // namespace syscall
