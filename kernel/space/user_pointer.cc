#include "kernel/space/user_pointer.h"

#include <algorithm>
#include <optional>

#include "kernel/mm/facts/address.h"

namespace kernel {

posix::Result<size_t> ReadUserString(std::span<char> to, mm::VirtAddr from) {
  // Page by page: what lies behind the text's end need not be open to the program.
  size_t length = 0;
  while (length < to.size()) {
    const mm::VirtAddr va{from.value + length};
    const size_t to_page_end = mm::kPageSize - va.value % mm::kPageSize;
    const size_t room = std::min(to.size() - length, to_page_end);
    if (!IsUserRange({va, room})) return std::unexpected(posix::Errno::kFault);
    const std::optional<size_t> copied = arch::CopyStringFromUser(to.data() + length, va, room);
    if (!copied) return std::unexpected(posix::Errno::kFault);
    length += *copied;
    if (*copied < room) return length;
  }
  return std::unexpected(posix::Errno::kNameTooLong);
}

}  // namespace kernel
