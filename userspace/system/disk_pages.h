// Does the transfers of /dev/vda: what the kernel asks for goes on to the disk's driver, which
// moves each page itself.
#pragma once

#include <cstdint>

#include "userspace/drivers/driver_object.h"
#include "userspace/libatlas/system/disk_driver.h"
#include "userspace/system/dispatcher.h"
#include "userspace/system/outlets.h"

namespace dispatch {

// OnFinished() and OnForgotten() come from within drivers, the others may call drivers.
class DiskPages {
 public:
  DiskPages(Dispatcher& dispatcher, Outlets& outlets)
      : dispatcher_(dispatcher), outlets_(outlets) {}
  DiskPages(const DiskPages&) = delete;
  DiskPages& operator=(const DiskPages&) = delete;

  // Offers the disk, if there may be one that is not offered.
  void Continue();
  void OnTransfer(const atlas::Transfer& transfer);

  void OnFinished(uint64_t token, drivers::Status status);
  void OnForgotten(Outlets::Quiet quiet);

 private:
  // In tokens: the transfer is below.
  static constexpr unsigned kOfferShift = 32;

  Dispatcher& dispatcher_;
  Outlets& outlets_;
  uint32_t offer_ = 0;  // none
  bool may_offer_ = true;
};

}  // namespace dispatch
