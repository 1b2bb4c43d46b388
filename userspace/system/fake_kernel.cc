#include "userspace/system/fake_kernel.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "kernel/base/check.h"

namespace dispatch {
namespace {

FakeKernel* the_kernel = nullptr;

void* MapZeroes(size_t size_bytes) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
  void* const memory = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  CHECK(memory != MAP_FAILED);
  return memory;
}

}  // namespace

FakeKernel::FakeKernel() {
  CHECK(the_kernel == nullptr);
  the_kernel = this;
}

FakeKernel::~FakeKernel() { the_kernel = nullptr; }

size_t FakeKernel::RoutesOf(atlas::InterruptLine line) const {
  return static_cast<size_t>(std::ranges::count_if(
      table.routes[line],
      [](const atlas::InterruptRoute& route) { return route.handler != nullptr; }));
}

}  // namespace dispatch

namespace atlas {

using dispatch::the_kernel;

long AttachInterrupt(InterruptLine line, Trigger, const InterruptRoute& route) {
  if (line >= InterruptTable::kLines) return -EINVAL;
  for (InterruptRoute& place : the_kernel->table.routes[line]) {
    if (place.handler == route.handler && place.device == route.device) return -EEXIST;
    if (place.handler != nullptr) continue;
    place = route;
    return 0;
  }
  return -ENOSPC;
}

long DetachInterrupt(InterruptLine line, const InterruptRoute& route) {
  auto& routes = the_kernel->table.routes[line];
  for (InterruptRoute& place : routes) {
    if (place.handler != route.handler || place.device != route.device) continue;
    std::move(&place + 1, std::end(routes), &place);
    *(std::end(routes) - 1) = {};
    return 0;
  }
  return -ENOENT;
}

long AcknowledgeInterrupt(InterruptLine line) {
  if (the_kernel->raised.erase(line) == 0) return -ENOENT;
  ++the_kernel->acknowledged;
  return 0;
}

void* MapDevice(uint64_t physical, size_t size_bytes, long*) {
  CHECK(physical % 4096 == 0 && size_bytes % 4096 == 0 && size_bytes != 0);
  const auto device = the_kernel->registers.find(physical);
  if (device == the_kernel->registers.end()) return nullptr;
  // The same page, wherever it is mapped.
  void* const view = mremap(device->second, 0, size_bytes, MREMAP_MAYMOVE);
  return view == MAP_FAILED ? nullptr : view;
}

void* AllocateDeviceMemory(size_t size_bytes, uint64_t& physical, long*) {
  CHECK(size_bytes % 4096 == 0 && size_bytes != 0);
  if (!the_kernel->has_memory) return nullptr;
  void* const memory = dispatch::MapZeroes(size_bytes);
  physical = reinterpret_cast<uintptr_t>(memory);
  return memory;
}

long OfferDisk(uint64_t size_bytes, DiskWriting) {
  if (the_kernel->is_offered) return -EEXIST;
  if (size_bytes % 512 != 0) return -EINVAL;
  the_kernel->is_offered = true;
  return static_cast<long>(++the_kernel->offers);
}

long RevokeDisk(DiskDevice device) {
  if (!std::exchange(the_kernel->is_offered, false)) return -ENOENT;
  the_kernel->revoked = device;
  return 0;
}

long FinishTransfer(uint32_t number, TransferEnding ending) {
  the_kernel->finished.emplace_back(number, ending);
  return 0;
}

}  // namespace atlas
