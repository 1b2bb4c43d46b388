#include "userspace/system/disk_service.h"

#include <cerrno>
#include <cstring>

#include "kernel/base/check.h"
#include "userspace/libatlas/system/devices.h"
#include "userspace/libatlas/system/disk.h"
#include "userspace/system/device_pages.h"

namespace dispatch {
namespace {

using base::Error;

uint64_t ErrnoOf(const base::Result<>& result) {
  const auto number = [&]() -> int64_t {
    if (result.has_value()) return 0;
    switch (result.error()) {
      case Error::kInvalidArgument:
      case Error::kOutOfRange:
        return -EINVAL;
      case Error::kNotFound:
        return -ENODEV;
      case Error::kOutOfMemory:
        return -EAGAIN;
      default:
        return -EIO;
    }
  }();
  return static_cast<uint64_t>(number);
}

atlas::Message ReplyTo(uint64_t call) {
  atlas::Message reply{};
  reply.call = call;
  return reply;
}

}  // namespace

bool DiskService::OnCall(const atlas::Message& call) {
  switch (static_cast<atlas::DiskCall>(call.function)) {
    case atlas::DiskCall::kDescribe:
      Describe(call);
      return true;
    case atlas::DiskCall::kRead:
      break;
    default:
      return false;
  }
  if (count_ == kMaxWaiting) {
    atlas::Message reply = ReplyTo(call.call);
    reply.arguments[2] = ErrnoOf(std::unexpected(Error::kOutOfMemory));
    (void)atlas::Reply(call.sender, reply);
    return true;
  }
  waiting_[(first_ + count_++) % kMaxWaiting] = {.thread = call.sender,
                                                 .call = call.call,
                                                 .offset = call.arguments[0],
                                                 .size_bytes = call.arguments[1]};
  Continue();
  return true;
}

void DiskService::Describe(const atlas::Message& call) {
  drivers::DriverRequest request{};
  request.function = drivers::RequestFunction::kDescribeDisk;
  const base::Result<> described = dispatcher_.Request(request);
  atlas::Message reply = ReplyTo(call.call);
  reply.arguments[0] = ErrnoOf(described);
  reply.arguments[1] = request.result;
  (void)atlas::Reply(call.sender, reply);
}

void DiskService::Continue() {
  while (true) {
    if (state_ == State::kFinished) Answer(result_);
    if (state_ == State::kReading || count_ == 0) return;
    // A crash within is forgotten before it comes back: then it is finished.
    state_ = State::kReading;
    const base::Result<> started = Start(waiting_[first_]);
    if (!started.has_value() && state_ == State::kReading) {
      result_ = started;
      state_ = State::kFinished;
    }
  }
}

bool DiskService::Prepare() {
  if (pages_ == nullptr) pages_ = MapMemory(atlas::kMaxDiskRead);
  if (buffer_ == nullptr) {
    buffer_ = atlas::AllocateDeviceMemory(atlas::kMaxDiskRead, buffer_address_);
  }
  return pages_ != nullptr && buffer_ != nullptr;
}

base::Result<> DiskService::Start(const Waiting& waiting) {
  if (waiting.size_bytes == 0 || waiting.size_bytes > atlas::kMaxDiskRead) {
    return std::unexpected(Error::kInvalidArgument);
  }
  if (!Prepare()) return std::unexpected(Error::kOutOfMemory);
  drivers::DriverRequest request{};
  request.function = drivers::RequestFunction::kRead;
  request.offset = waiting.offset;
  request.size_bytes = static_cast<uint32_t>(waiting.size_bytes);
  request.device_address = buffer_address_;
  request.token = ++token_;
  return dispatcher_.Request(request);
}

// Who asked may have ended meanwhile: then there is nobody to be answered.
void DiskService::Answer(base::Result<> result) {
  const Waiting waiting = waiting_[first_];
  first_ = (first_ + 1) % kMaxWaiting;
  --count_;
  state_ = State::kIdle;
  atlas::Message reply = ReplyTo(waiting.call);
  reply.arguments[2] = ErrnoOf(result);
  if (result.has_value()) {
    const auto shown_bytes = WholePages(waiting.size_bytes);
    std::memcpy(pages_, buffer_, waiting.size_bytes);
    std::memset(static_cast<std::byte*>(pages_) + waiting.size_bytes, 0,
                shown_bytes - waiting.size_bytes);
    reply.flags = atlas::kPages;
    reply.arguments[0] = reinterpret_cast<uintptr_t>(pages_);
    reply.arguments[1] = shown_bytes;
  }
  if (atlas::Reply(waiting.thread, reply) == 0 || !result.has_value()) return;
  // Its window has no room, for one: it is told that all the same.
  reply = ReplyTo(waiting.call);
  reply.arguments[2] = ErrnoOf(std::unexpected(Error::kOutOfMemory));
  (void)atlas::Reply(waiting.thread, reply);
}

void DiskService::OnFinished(uint64_t token, drivers::Status status) {
  // What was under way when its driver crashed may not be answered by another one.
  if (state_ != State::kReading || token != token_) return;
  result_ = drivers::ResultOf(status);
  state_ = State::kFinished;
}

void DiskService::OnForgotten(Outlets::Quiet quiet) {
  if (quiet == Outlets::Quiet::kNo) buffer_ = nullptr;  // it stays the device's
  if (state_ != State::kReading) return;
  result_ = std::unexpected(Error::kCorrupt);
  state_ = State::kFinished;
}

void DiskService::CheckInvariants() const {
  CHECK(count_ <= kMaxWaiting && first_ < kMaxWaiting);
  CHECK(state_ == State::kIdle ? count_ == 0 : count_ != 0);
  CHECK(state_ != State::kReading || (buffer_ != nullptr && pages_ != nullptr));
}

}  // namespace dispatch
