#include "userspace/libatlas/system/disk.h"

#include <cstring>

#include "userspace/libatlas/native/message.h"

namespace atlas {

long DescribeDisk(uint64_t& size_bytes) {
  const Message message = {.function = static_cast<uint32_t>(DiskCall::kDescribe)};
  Message reply;
  if (const long error = Call(kSystemThread, message, reply); error < 0) return error;
  size_bytes = reply.arguments[1];
  return static_cast<long>(static_cast<int64_t>(reply.arguments[0]));
}

long ReadDisk(uint64_t offset, void* buffer, size_t size_bytes) {
  const Message message = {.function = static_cast<uint32_t>(DiskCall::kRead),
                           .arguments = {offset, size_bytes}};
  Message reply;
  if (const long error = Call(kSystemThread, message, reply); error < 0) return error;
  const auto result = static_cast<long>(static_cast<int64_t>(reply.arguments[2]));
  if (result == 0) {
    // The pages are there until the next call.
    std::memcpy(buffer, reinterpret_cast<const void*>(static_cast<uintptr_t>(reply.arguments[0])),
                size_bytes);
  }
  return result;
}

}  // namespace atlas
