#include "kernel/posix/errno_name.h"

#include <cstddef>
#include <iterator>
#include <string_view>

#include "testing/unit/test.h"

namespace posix {
namespace {

TEST(ErrnoName, AreThoseOfTheNumbers) {
  struct Row {
    unsigned number;
    std::string_view name;
  };
  constexpr Row kRows[] = {
      {1, "EPERM"},
      {2, "ENOENT"},
      {3, "ESRCH"},
      {4, "EINTR"},
      {5, "EIO"},
      {6, "ENXIO"},
      {7, "E2BIG"},
      {8, "ENOEXEC"},
      {9, "EBADF"},
      {10, "ECHILD"},
      {11, "EAGAIN"},
      {12, "ENOMEM"},
      {13, "EACCES"},
      {14, "EFAULT"},
      {15, "ENOTBLK"},
      {16, "EBUSY"},
      {17, "EEXIST"},
      {18, "EXDEV"},
      {19, "ENODEV"},
      {20, "ENOTDIR"},
      {21, "EISDIR"},
      {22, "EINVAL"},
      {23, "ENFILE"},
      {24, "EMFILE"},
      {25, "ENOTTY"},
      {26, "ETXTBSY"},
      {27, "EFBIG"},
      {28, "ENOSPC"},
      {29, "ESPIPE"},
      {30, "EROFS"},
      {31, "EMLINK"},
      {32, "EPIPE"},
      {33, "EDOM"},
      {34, "ERANGE"},
      {35, "EDEADLK"},
      {36, "ENAMETOOLONG"},
      {37, "ENOLCK"},
      {38, "ENOSYS"},
      {39, "ENOTEMPTY"},
      {40, "ELOOP"},
      {42, "ENOMSG"},
      {43, "EIDRM"},
      {62, "ETIME"},
      {71, "EPROTO"},
      {74, "EBADMSG"},
      {75, "EOVERFLOW"},
      {80, "ELIBBAD"},
      {84, "EILSEQ"},
      {88, "ENOTSOCK"},
      {90, "EMSGSIZE"},
      {95, "EOPNOTSUPP"},
      {97, "EAFNOSUPPORT"},
      {110, "ETIMEDOUT"},
      {130, "EOWNERDEAD"},
      {131, "ENOTRECOVERABLE"},
      {512, "ERESTARTSYS"},
      {514, "ERESTARTNOHAND"},
  };
  // Numbers between them are nobody's.
  size_t next = 0;
  for (unsigned number = 0; number <= 600; ++number) {
    const bool is_known = next < std::size(kRows) && kRows[next].number == number;
    EXPECT_EQ(ErrnoName(static_cast<Errno>(number)),
              is_known ? kRows[next].name : std::string_view("unknown error"));
    if (is_known) ++next;
  }
  EXPECT_EQ(next, std::size(kRows));
}

}  // namespace
}  // namespace posix
