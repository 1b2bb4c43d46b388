// Registers, device memory, and what the machine tells of its devices.

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "userspace/machine/ports.h"
#include "userspace/machine/test_device.h"
#include "userspace/support/kernel_memory.h"
#include "userspace/support/test.h"
#include "userspace/system_tests/client.h"
#include "userspace/system_tests/groups.h"

namespace system_tests {
namespace {

using support::Expect;
using support::ExpectEqual;

constexpr uint64_t kPage = 4096;

// The kernel's comparison of all live tables with the layout.
void ExpectAsTheLayoutHasIt() {
  const char* const text = support::TextOf("/proc/verify");
  Expect(std::strstr(text, "LAYOUT OK") != nullptr, "it was compared");
  const char* const fault = std::strstr(text, "FAULT");
  if (fault != nullptr) std::printf("# %.200s\n", fault);
  Expect(fault == nullptr, "it is as the layout has it");
}

void Registers() {
  const int64_t at = Ask(Request::kMapDevice, {machine::kKnownRegisters, kPage}).first;
  support::Require(at > 0, "mapped");
  const auto va = static_cast<uint64_t>(at);
  const Answer read = Ask(Request::kRead, {va + machine::kKnownOffset});
  ExpectEqual(read.first, 0, "they can be read");
  ExpectEqual(static_cast<int64_t>(read.second & machine::kKnownMask), machine::kKnownValue,
              "and are that device's");
  ExpectAsTheLayoutHasIt();
  ExpectEqual(Ask(Request::kUnmap, {va, kPage}).first, 0, "munmap");
  ExpectEqual(Ask(Request::kRead, {va}).first, SIGSEGV, "and are gone");
}

void NoRegisters() {
  for (const uint64_t base : machine::kMemory) {
    ExpectEqual(Ask(Request::kMapDevice, {base, kPage}).first, -EACCES, "memory");
  }
  for (const uint64_t base : machine::kKernelRegisters) {
    ExpectEqual(Ask(Request::kMapDevice, {base, kPage}).first, -EACCES, "the kernel's devices");
    ExpectEqual(Ask(Request::kMapDevice, {base - kPage, 3 * kPage}).first, -EACCES,
                "and what has them in the middle");
  }
  struct Row {
    const char* what;
    uint64_t base, bytes;
    int64_t error;
  };
  const Row rows[] = {
      {"nothing", machine::kKnownRegisters, 0, -EINVAL},
      {"no whole page", machine::kKnownRegisters, 100, -EINVAL},
      {"no beginning of a page", machine::kKnownRegisters + 4, kPage, -EINVAL},
      {"what wraps", ~uint64_t{0} - (kPage - 1), 2 * kPage, -EINVAL},
      {"no address of the machine", uint64_t{1} << 60, kPage, -EACCES},
  };
  for (const Row& row : rows) {
    ExpectEqual(Ask(Request::kMapDevice, {row.base, row.bytes}).first, row.error, row.what);
  }
}

void Memory() {
  for (const uint64_t pages : {1, 2, 3, 64, 256}) {
    const Answer memory = Ask(Request::kAllocate, {pages * kPage});
    support::Require(memory.first > 0, "allocated");
    Expect(memory.second % kPage == 0 && memory.second != 0, "whole pages");
    Expect(memory.second + pages * kPage <= uint64_t{1} << 32, "below 4 GiB");
    const auto va = static_cast<uint64_t>(memory.first);
    const uint64_t last = va + pages * kPage - sizeof(uint32_t);
    ExpectEqual(static_cast<int64_t>(Ask(Request::kRead, {last}).second), 0, "zeroes");
    ExpectEqual(Ask(Request::kWrite, {last, 0x1234}).first, 0, "to be written");
    ExpectEqual(static_cast<int64_t>(Ask(Request::kRead, {last}).second), 0x1234, "and read");
    // It is RAM, and nobody else's device.
    ExpectEqual(Ask(Request::kMapDevice, {memory.second, kPage}).first, -EACCES, "no device");
    ExpectAsTheLayoutHasIt();
    ExpectEqual(Ask(Request::kUnmap, {va, pages * kPage}).first, 0, "munmap");
  }
  ExpectEqual(Ask(Request::kAllocate, {0}).first, -EINVAL, "nothing");
  ExpectEqual(Ask(Request::kAllocate, {kPage + 1}).first, -EINVAL, "no whole pages");
  ExpectEqual(Ask(Request::kAllocate, {257 * kPage}).first, -EINVAL, "more than a MiB");
}

void Tree() {
  const Answer tree = Ask(Request::kReadTree);
  if (machine::kHasPorts) return ExpectEqual(tree.first, -ENOENT, "its buses tell of devices");
  constexpr uint32_t kMagic = 0xedfe0dd0;  // Devicetree Specification 0.4, 5.2: big-endian
  Expect(tree.first > 1000, "its size");
  ExpectEqual(static_cast<int64_t>(tree.second), kMagic, "its first word");
}

constexpr support::Test kTests[] = {
    {"devices: registers", Registers},
    {"devices: what are none", NoRegisters},
    {"devices: memory", Memory},
    {"devices: the tree", Tree},
};

}  // namespace

Group DeviceTests() { return kTests; }

}  // namespace system_tests
