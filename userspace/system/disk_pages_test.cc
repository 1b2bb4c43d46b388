#include "userspace/system/disk_pages.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "userspace/libatlas/system/disk_driver.h"
#include "userspace/system/dispatcher_world.h"
#include "userspace/system/fake_kernel.h"

namespace dispatch {
namespace {

using atlas::TransferEnding;
using atlas::TransferKind;
using base::Error;
using drivers::RequestFunction;
using drivers::StatusOf;

constexpr uint64_t kDiskBytes = 1 << 20;

// A driver of a disk that keeps what it is asked for.
struct DiskPagesTest : DispatcherWorld {
  DiskPagesTest() {
    AddDriver("/serial");
    AddDevice("disk", DeviceKind::kSerial16550, 4);
    behaviour.probe = [this](void*, const DeviceDescription&, const DriverServices& services) {
      services_ = &services;
      return drivers::kOk;
    };
    behaviour.request = [this](DriverRequest& request) { return Answer(request); };
    Bind();
    outlets.on_finish = [this](uint64_t token, Status status) { pages.OnFinished(token, status); };
    outlets.on_forget = [this](Outlets::Quiet quiet) { pages.OnForgotten(quiet); };
  }

  Status Answer(DriverRequest& request) {
    if (request.function == RequestFunction::kDescribeDisk) {
      request.result = size_bytes_;
      return description_;
    }
    if (refusal_ != drivers::kOk) return refusal_;
    asked_.push_back(request);
    return drivers::kOk;
  }

  void Ask(uint32_t number, TransferKind kind, uint32_t offer = 1) {
    pages.OnTransfer({.number = number,
                      .kind = kind,
                      .offer = offer,
                      .memory = 0x12345000,
                      .offset = 4096 * uint64_t{number},
                      .size_bytes = 4096});
    Check();
  }

  // An interrupt by which a request finishes.
  void Finish(uint64_t token, Status status) {
    behaviour.handle = [this, token, status](void*) {
      services_->finished(services_->host, token, status);
      return drivers::kOk;
    };
    Interrupt(4);
    pages.Continue();
  }

  void Crash() {
    bool crashes = true;
    behaviour.handle = [&](void*) {
      if (std::exchange(crashes, false)) CrashNow();
      return drivers::kOk;
    };
    Interrupt(4);
  }

  using Finished = std::vector<std::pair<uint32_t, TransferEnding>>;

  DiskPages pages{dispatcher, outlets};
  const DriverServices* services_ = nullptr;
  std::vector<DriverRequest> asked_;
  Status refusal_ = drivers::kOk;
  Status description_ = drivers::kOk;
  uint64_t size_bytes_ = kDiskBytes;
};

TEST_F(DiskPagesTest, IsOfferedOnce) {
  pages.Continue();
  EXPECT_TRUE(kernel.is_offered);
  pages.Continue();
  EXPECT_EQ(kernel.offers, 1u);
  EXPECT_TRUE(outlets.reports.size() == 1) << "that it is bound";
}

TEST_F(DiskPagesTest, WhereThereIsNoDisk) {
  description_ = StatusOf(Error::kUnsupported);
  pages.Continue();
  EXPECT_EQ(kernel.offers, 0u);
}

TEST_F(DiskPagesTest, WhatTheKernelRefusesIsReported) {
  size_bytes_ = 100;
  pages.Continue();
  EXPECT_TRUE(Reported("cannot be offered"));
}

TEST_F(DiskPagesTest, TransfersGoOnToTheDriver) {
  struct Row {
    TransferKind kind;
    RequestFunction function;
    Status status;
    TransferEnding ending;
  };
  pages.Continue();
  uint32_t number = 6;
  for (const Row& row : {
           Row{TransferKind::kRead, RequestFunction::kRead, drivers::kOk, TransferEnding::kDone},
           Row{TransferKind::kWrite, RequestFunction::kWrite, drivers::kOk, TransferEnding::kDone},
           Row{TransferKind::kFlush, RequestFunction::kFlush, drivers::kOk, TransferEnding::kDone},
           Row{TransferKind::kRead, RequestFunction::kRead, StatusOf(Error::kCorrupt),
               TransferEnding::kFailed},
       }) {
    Ask(++number, row.kind);
    ASSERT_FALSE(asked_.empty());
    const DriverRequest request = asked_.back();
    EXPECT_EQ(request.function, row.function);
    EXPECT_EQ(request.device_address, 0x12345000u);
    EXPECT_EQ(request.offset, 4096u * number);
    EXPECT_EQ(request.size_bytes, 4096u);
    Finish(request.token, row.status);
    EXPECT_EQ(kernel.finished.back(), std::pair(number, row.ending));
  }
  Finish(5, drivers::kOk);
  EXPECT_EQ(kernel.finished.size(), 4u) << "of no offer";
}

TEST_F(DiskPagesTest, WhatTheDriverRefusesFails) {
  pages.Continue();
  refusal_ = StatusOf(Error::kOutOfRange);
  Ask(1, TransferKind::kRead);
  refusal_ = StatusOf(Error::kUnsupported);
  Ask(2, TransferKind::kWrite);
  Ask(3, TransferKind::kFlush);
  const Finished all = {
      {1, TransferEnding::kFailed}, {2, TransferEnding::kFailed}, {3, TransferEnding::kDone}};
  EXPECT_EQ(kernel.finished, all);
}

TEST_F(DiskPagesTest, ACrashRevokesAndTheNextDriverIsOffered) {
  pages.Continue();
  Ask(1, TransferKind::kRead);
  const uint64_t token = asked_.back().token;
  Crash();
  EXPECT_FALSE(kernel.is_offered);
  EXPECT_TRUE(kernel.revoked == atlas::DiskDevice::kQuiet);
  pages.Continue();
  EXPECT_EQ(kernel.offers, 2u);
  // Whatever comes late is of nobody.
  Finish(token, drivers::kOk);
  Ask(2, TransferKind::kRead, 1);
  EXPECT_TRUE(kernel.finished.empty());
  EXPECT_EQ(asked_.size(), 1u);
  Ask(3, TransferKind::kRead, 2);
  EXPECT_EQ(asked_.size(), 2u);
}

TEST_F(DiskPagesTest, ACrashWhenItIsAsked) {
  pages.Continue();
  behaviour.request = [](DriverRequest&) -> Status {
    CrashNow();
    return drivers::kOk;
  };
  Ask(1, TransferKind::kRead);
  EXPECT_FALSE(kernel.is_offered);
  EXPECT_TRUE(kernel.finished.empty()) << "the kernel knows";
}

TEST_F(DiskPagesTest, ADeviceThatIsNotQuiet) {
  pages.Continue();
  pages.OnForgotten(Outlets::Quiet::kNo);
  EXPECT_TRUE(kernel.revoked == atlas::DiskDevice::kMayStillWrite);
}

}  // namespace
}  // namespace dispatch
