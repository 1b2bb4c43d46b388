// Addresses that are not the program's: by its own instructions, and by system calls in its name.

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "userspace/attack_tests/groups.h"
#include "userspace/attack_tests/stage.h"
#include "userspace/machine/system_call.h"
#include "userspace/support/open_ranges.h"
#include "userspace/support/text.h"

namespace attack {
namespace {

using machine::SystemCall;
using support::Expect;
using support::Fault;
using support::Line;

constexpr size_t kPage = 4096;

void ExpectAt(bool holds, const char* what, uintptr_t address) {
  if (holds) return;
  Line().Text("# at ").Hexadecimal(address).Write();
  Expect(false, what);
}

// The processor says for some addresses where they are, and for those that are none only that it
// was so.
bool IsRefused(const Fault& fault) { return fault.signal == SIGSEGV || fault.signal == SIGBUS; }

void NoAccess() {
  ForEachForbidden([](uintptr_t address) {
    ExpectAt(IsRefused(support::Read(address)), "read", address);
    ExpectAt(IsRefused(support::Write(address)), "write", address);
    ExpectAt(IsRefused(support::Execute(address)), "execute", address);
  });
  ExpectBystander();
}

int pipe_ends[2];

void NoCopies() {
  Expect(pipe(pipe_ends) == 0, "a pipe");
  ForEachForbidden([](uintptr_t address) {
    const long place = static_cast<long>(address);
    constexpr long kBytes = 16;
    const long written = SystemCall(SYS_write, pipe_ends[1], place, kBytes);
    ExpectAt(written == -EFAULT, "write() from there", address);
    ExpectAt(SystemCall(SYS_getrandom, place, kBytes, 0) == -EFAULT, "getrandom() to there",
             address);
    ExpectAt(SystemCall(SYS_uname, place) == -EFAULT, "uname() to there", address);
    ExpectAt(SystemCall(SYS_chdir, place) == -EFAULT, "a path there", address);
  });
  ExpectBystander();
}

// No call moves, opens or takes away what is not the program's. Where nothing is, there may be
// something afterwards: a mapping of its own, which is then unmapped.
void NoMappings() {
  ForEachForbidden([](uintptr_t address) {
    const long page = static_cast<long>(address / kPage * kPage);
    // Because nothing is there, or nothing can be: not because the call does not exist.
    const auto refused = [&](const char* what, long result) {
      ExpectAt(result == -ENOMEM || result == -EINVAL || result == -EFAULT, what, address);
    };
    refused("mprotect", SystemCall(SYS_mprotect, page, kPage, PROT_READ | PROT_WRITE));
    refused("mremap", SystemCall(SYS_mremap, page, kPage, 2 * kPage, MREMAP_MAYMOVE));
    refused("madvise", SystemCall(SYS_madvise, page, kPage, MADV_DONTNEED));
    refused("msync", SystemCall(SYS_msync, page, kPage, MS_SYNC));
    refused("mlock", SystemCall(SYS_mlock, page, kPage));
    refused("munlock", SystemCall(SYS_munlock, page, kPage));
    SystemCall(SYS_munmap, page, kPage);
    constexpr long kNoReplace = 0x100000;  // MAP_FIXED_NOREPLACE
    const long mapped = SystemCall(machine::kMapCall, page, kPage, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | kNoReplace, -1, 0);
    if (mapped != page) return;
    ExpectAt(support::Read(mapped).signal == 0, "what was mapped there is this program's", address);
    ExpectAt(*reinterpret_cast<volatile char*>(mapped) == 0, "and zero", address);
    SystemCall(SYS_munmap, page, kPage);
  });
  ExpectBystander();
}

// What a layout shows programs ends where it says, and it does not let them write there, nor the
// kernel in their name.
void NoWritesToWhatIsOpen() {
  for (const support::OpenRange& range : support::OpenRanges()) {
    for (const uintptr_t address : {range.first, range.last - sizeof(uintptr_t) + 1}) {
      ExpectAt(support::Read(address) == support::kNoFault, "read", address);
      ExpectAt(IsRefused(support::Write(address)), "write", address);
      const long result = SystemCall(SYS_getrandom, static_cast<long>(address), 1, 0);
      ExpectAt(result == -EFAULT, "getrandom() to there", address);
    }
    ExpectAt(IsRefused(support::Read(range.last + 1)), "read behind it", range.last + 1);
  }
  ExpectBystander();
}

// The first page is never there, however one reaches it.
void NoNullPage() {
  for (const uintptr_t address :
       {uintptr_t{0}, uintptr_t{1}, uintptr_t{kPage / 2}, uintptr_t{kPage - 1}}) {
    if (MayReach(address)) continue;
    ExpectAt(IsRefused(support::Read(address)), "read", address);
    ExpectAt(IsRefused(support::Write(address)), "write", address);
    ExpectAt(IsRefused(support::Execute(address)), "execute", address);
  }
  ExpectBystander();
}

// Below the stack's limit lies nothing, whatever the stack pointer is.
void NoStackBelowItsLimit() {
  constexpr size_t kLimit = 512 << 10;
  const rlimit limit = {kLimit, kLimit};
  Expect(setrlimit(RLIMIT_STACK, &limit) == 0, "setrlimit");
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  for (const size_t depth : {kLimit + kPage, 2 * kLimit, 3 * kLimit}) {
    ExpectAt(IsRefused(support::Write(here - depth)), "write", here - depth);
  }
  ExpectBystander();
}

// Where QEMU's machines have their devices: as addresses of a program they are nothing.
void NoDevices() {
  constexpr uint32_t kMiB = 1 << 20;
  constexpr uint32_t kDevices[] = {
      0xb8000,       // x86_64: the text screen
      144 * kMiB,    // arm: the serial port
      128 * kMiB,    // arm: the interrupt controller
      4076U * kMiB,  // x86_64: the interrupt controllers for all processors
      4078U * kMiB,  // x86_64: each one's own
  };
  for (const uintptr_t address : kDevices) {
    if (MayReach(address)) continue;
    ExpectAt(IsRefused(support::Read(address)), "read", address);
    ExpectAt(IsRefused(support::Write(address)), "write", address);
  }
  ExpectBystander();
}

constexpr support::Test kTests[] = {
    {"addresses of the kernel: access", NoAccess},
    {"addresses of the kernel: copies", NoCopies},
    {"addresses of the kernel: mappings", NoMappings},
    {"addresses of the kernel: what is open", NoWritesToWhatIsOpen},
    {"the null page", NoNullPage},
    {"below the stack", NoStackBelowItsLimit},
    {"devices", NoDevices},
};

}  // namespace

Group AddressTests() { return kTests; }

}  // namespace attack
