#pragma once

namespace support {

// The name of an errno value ("ENOSYS"); "errno" for one that no test here meets.
const char* ErrnoName(int error);

}  // namespace support
