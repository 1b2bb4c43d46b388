#include "userspace/system/disk_pages.h"

#include <utility>

#include "kernel/base/result.h"

namespace dispatch {
namespace {

using drivers::RequestFunction;

RequestFunction FunctionOf(atlas::TransferKind kind) {
  switch (kind) {
    case atlas::TransferKind::kRead:
      return RequestFunction::kRead;
    case atlas::TransferKind::kWrite:
      return RequestFunction::kWrite;
    case atlas::TransferKind::kFlush:
      break;
  }
  return RequestFunction::kFlush;
}

void Finish(uint32_t number, bool is_done) {
  // Nobody waits any more for what was revoked.
  (void)atlas::FinishTransfer(
      number, is_done ? atlas::TransferEnding::kDone : atlas::TransferEnding::kFailed);
}

}  // namespace

void DiskPages::Continue() {
  if (!std::exchange(may_offer_, false)) return;
  drivers::DriverRequest request{};
  request.function = RequestFunction::kDescribeDisk;
  if (!dispatcher_.Request(request).has_value()) return;
  const bool is_read_only = (request.flags & drivers::kDiskReadOnly) != 0;
  const long offer = atlas::OfferDisk(
      request.result, is_read_only ? atlas::DiskWriting::kForbidden : atlas::DiskWriting::kAllowed);
  if (offer > 0 && std::in_range<uint32_t>(offer)) {
    offer_ = static_cast<uint32_t>(offer);
  } else {
    outlets_.Report("the disk cannot be offered as a file");
  }
}

void DiskPages::OnTransfer(const atlas::Transfer& transfer) {
  if (transfer.offer != offer_) return;
  drivers::DriverRequest request{};
  request.function = FunctionOf(transfer.kind);
  request.size_bytes = transfer.size_bytes;
  request.offset = transfer.offset;
  request.device_address = transfer.memory;
  request.token = uint64_t{offer_} << kOfferShift | transfer.number;
  const base::Result<> started = dispatcher_.Request(request);
  // A crash within has revoked the offer, and another one may have come.
  if (started.has_value() || transfer.offer != offer_) return;
  // A device that cannot be told to has nothing to flush.
  const bool is_needless =
      transfer.kind == atlas::TransferKind::kFlush && started.error() == base::Error::kNotFound;
  Finish(transfer.number, is_needless);
}

void DiskPages::OnFinished(uint64_t token, drivers::Status status) {
  if (token >> kOfferShift != offer_) return;
  Finish(static_cast<uint32_t>(token), status == drivers::kOk);
}

void DiskPages::OnForgotten(Outlets::Quiet quiet) {
  may_offer_ = true;
  if (std::exchange(offer_, 0) == 0) return;
  (void)atlas::RevokeDisk(quiet == Outlets::Quiet::kYes ? atlas::DiskDevice::kQuiet
                                                        : atlas::DiskDevice::kMayStillWrite);
}

}  // namespace dispatch
