#include "userspace/system/disk_service.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "userspace/libatlas/system/disk.h"
#include "userspace/system/dispatcher_world.h"
#include "userspace/system/fake_kernel.h"

namespace dispatch {
namespace {

using base::Error;
using drivers::RequestFunction;
using drivers::StatusOf;

// A driver of a disk that keeps what it is asked for, until the test says how that ends.
struct DiskServiceTest : DispatcherWorld {
  DiskServiceTest() {
    AddDriver("/serial");
    AddDevice("disk", DeviceKind::kSerial16550, 4);
    behaviour.probe = [this](void*, const DeviceDescription&, const DriverServices& services) {
      services_ = &services;
      return drivers::kOk;
    };
    behaviour.request = [this](DriverRequest& request) {
      if (request.function == RequestFunction::kDescribeDisk) {
        request.result = 4096;
        return drivers::kOk;
      }
      if (refusal_ != drivers::kOk) return refusal_;
      asked_.push_back(request);
      return drivers::kOk;
    };
    Bind();
    outlets.on_finish = [this](uint64_t token, Status status) { disks.OnFinished(token, status); };
    outlets.on_forget = [this](Outlets::Quiet quiet) { disks.OnForgotten(quiet); };
  }

  void Call(atlas::DiskCall function, uint64_t first = 0, uint64_t second = 0) {
    const atlas::Message call = {.sender = 100 + static_cast<int32_t>(next_call_),
                                 .function = static_cast<uint32_t>(function),
                                 .flags = atlas::kCall,
                                 .call = next_call_++,
                                 .arguments = {first, second}};
    EXPECT_TRUE(disks.OnCall(call));
    disks.CheckInvariants();
  }

  // An interrupt by which the read under way finishes.
  void Finish(Status status, char content) {
    behaviour.handle = [&](void*) {
      const DriverRequest& request = asked_.back();
      std::memset(reinterpret_cast<void*>(request.device_address), content, request.size_bytes);
      services_->finished(services_->host, request.token, status);
      return drivers::kOk;
    };
    Interrupt(4);
    disks.Continue();
    disks.CheckInvariants();
  }

  int64_t LastResult(size_t argument = 2) const {
    return static_cast<int64_t>(kernel.replies.back().message.arguments[argument]);
  }

  DiskService disks{dispatcher};
  const DriverServices* services_ = nullptr;
  std::vector<DriverRequest> asked_;
  Status refusal_ = drivers::kOk;
  uint64_t next_call_ = 1;
};

TEST_F(DiskServiceTest, DescribesAndReads) {
  Call(atlas::DiskCall::kDescribe);
  EXPECT_EQ(LastResult(0), 0);
  EXPECT_EQ(LastResult(1), 4096);
  Call(atlas::DiskCall::kRead, 1024, 512);
  ASSERT_EQ(asked_.size(), 1u);
  EXPECT_EQ(asked_[0].offset, 1024u);
  EXPECT_EQ(asked_[0].size_bytes, 512u);
  EXPECT_EQ(kernel.replies.size(), 1u);
  Finish(drivers::kOk, 'x');
  ASSERT_EQ(kernel.replies.size(), 2u);
  const FakeKernel::Sent& sent = kernel.replies[1];
  EXPECT_EQ(sent.thread, 102);
  EXPECT_EQ(sent.message.call, 2u);
  EXPECT_EQ(LastResult(), 0);
  ASSERT_EQ(sent.pages.size(), 4096u);
  EXPECT_EQ(sent.pages[511], std::byte{'x'});
  EXPECT_EQ(sent.pages[512], std::byte{0});
}

// Nothing of what somebody else read is in the rest of the pages.
TEST_F(DiskServiceTest, PagesShowNothingElse) {
  Call(atlas::DiskCall::kRead, 0, 4096);
  Finish(drivers::kOk, 'x');
  Call(atlas::DiskCall::kRead, 0, 512);
  Finish(drivers::kOk, 'y');
  EXPECT_EQ(kernel.replies.back().pages[0], std::byte{'y'});
  EXPECT_EQ(kernel.replies.back().pages[512], std::byte{0});
}

TEST_F(DiskServiceTest, OneAfterTheOther) {
  for (size_t i = 0; i < DiskService::kMaxWaiting; ++i) {
    Call(atlas::DiskCall::kRead, 512 * i, 512);
  }
  EXPECT_EQ(asked_.size(), 1u);
  Call(atlas::DiskCall::kRead, 0, 512);
  EXPECT_EQ(LastResult(), -EAGAIN);
  for (size_t i = 0; i < DiskService::kMaxWaiting; ++i) {
    EXPECT_EQ(asked_.back().offset, 512 * i);
    Finish(drivers::kOk, 'x');
    EXPECT_EQ(kernel.replies.back().message.call, i + 1);
  }
  EXPECT_EQ(disks.waiting_count(), 0u);
}

TEST_F(DiskServiceTest, WhatIsRefused) {
  for (const uint64_t size : {uint64_t{0}, uint64_t{atlas::kMaxDiskRead + 1}, UINT64_MAX}) {
    Call(atlas::DiskCall::kRead, 0, size);
    EXPECT_EQ(LastResult(), -EINVAL) << size;
  }
  EXPECT_TRUE(asked_.empty());
  struct Row {
    Error error;
    int64_t result;
  };
  for (const Row& row : {Row{Error::kOutOfRange, -EINVAL}, Row{Error::kInvalidArgument, -EINVAL},
                         Row{Error::kUnsupported, -ENODEV}, Row{Error::kOutOfMemory, -EAGAIN},
                         Row{Error::kCorrupt, -EIO}}) {
    refusal_ = StatusOf(row.error);
    Call(atlas::DiskCall::kRead, 0, 512);
    EXPECT_EQ(LastResult(), row.result) << base::ErrorName(row.error);
  }
  const atlas::Message other = {.function = 0x99};
  EXPECT_FALSE(disks.OnCall(other));
}

TEST_F(DiskServiceTest, WithoutMemory) {
  kernel.has_memory = false;
  Call(atlas::DiskCall::kRead, 0, 512);
  EXPECT_EQ(LastResult(), -EAGAIN);
  kernel.has_memory = true;
  Call(atlas::DiskCall::kRead, 0, 512);
  Finish(drivers::kOk, 'x');
  EXPECT_EQ(LastResult(), 0);
}

TEST_F(DiskServiceTest, ErrorsOfTheDiskAndStrangeTokens) {
  Call(atlas::DiskCall::kRead, 0, 512);
  disks.OnFinished(asked_.back().token + 1, drivers::kOk);
  disks.Continue();
  EXPECT_TRUE(kernel.replies.empty()) << "nobody's";
  Finish(StatusOf(Error::kCorrupt), 'x');
  EXPECT_EQ(LastResult(), -EIO);
  EXPECT_TRUE(kernel.replies.back().pages.empty());
  disks.OnFinished(asked_.back().token, drivers::kOk);
  disks.Continue();
  EXPECT_EQ(kernel.replies.size(), 1u) << "once";
}

TEST_F(DiskServiceTest, ACrashFailsWhatIsUnderWayAndTheNextGoesOn) {
  Call(atlas::DiskCall::kRead, 0, 512);
  Call(atlas::DiskCall::kRead, 512, 512);
  bool crashes = true;
  behaviour.handle = [&](void*) {
    if (std::exchange(crashes, false)) CrashNow();
    return drivers::kOk;
  };
  Interrupt(4);
  disks.Continue();
  disks.CheckInvariants();
  EXPECT_EQ(LastResult(), -EIO);
  ASSERT_EQ(asked_.size(), 2u);
  Finish(drivers::kOk, 'z');
  EXPECT_EQ(LastResult(), 0);
  EXPECT_EQ(kernel.replies.back().pages[0], std::byte{'z'});
}

TEST_F(DiskServiceTest, ACrashWhenItIsAsked) {
  behaviour.request = [](DriverRequest&) -> Status {
    CrashNow();
    return drivers::kOk;
  };
  Call(atlas::DiskCall::kRead, 0, 512);
  EXPECT_EQ(LastResult(), -EIO);
  EXPECT_EQ(kernel.replies.size(), 1u);
}

// A device that does not answer any more may still write: it is never given that memory's
// successor.
TEST_F(DiskServiceTest, MemoryOfADeviceThatIsNotQuietIsNotUsedAgain) {
  Call(atlas::DiskCall::kRead, 0, 512);
  const uint64_t before = asked_.back().device_address;
  disks.OnForgotten(Outlets::Quiet::kNo);
  disks.Continue();
  EXPECT_EQ(LastResult(), -EIO);
  Call(atlas::DiskCall::kRead, 0, 512);
  EXPECT_NE(asked_.back().device_address, before);
}

TEST_F(DiskServiceTest, SomebodyWithoutRoomIsTold) {
  kernel.reply_result = -EAGAIN;
  Call(atlas::DiskCall::kRead, 0, 512);
  Finish(drivers::kOk, 'x');
  EXPECT_EQ(LastResult(), -EAGAIN);
}

}  // namespace
}  // namespace dispatch
