// What the kernel does for the system process, for tests: routes, lines, registers that are plain
// memory. One at a time, behind the functions of libatlas/system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "userspace/libatlas/system/devices.h"
#include "userspace/libatlas/system/disk_driver.h"
#include "userspace/libatlas/system/interrupts.h"

namespace dispatch {

struct FakeKernel {
  FakeKernel();
  FakeKernel(const FakeKernel&) = delete;
  FakeKernel& operator=(const FakeKernel&) = delete;
  ~FakeKernel();

  atlas::InterruptTable table{};
  std::set<atlas::InterruptLine> raised;  // and not acknowledged
  uint64_t acknowledged = 0;
  std::map<uint64_t, void*> registers;  // pages of devices, by their address
  bool has_memory = true;

  uint32_t offers = 0;  // of the disk, ever made
  bool is_offered = false;
  std::vector<std::pair<uint32_t, atlas::TransferEnding>> finished;
  std::optional<atlas::DiskDevice> revoked;  // as it was the last time

  size_t RoutesOf(atlas::InterruptLine line) const;
};

}  // namespace dispatch
