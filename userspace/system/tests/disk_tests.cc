// Reads the machine's disk through the system process, whose driver finishes by interrupts. KTAP.

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>

#include "userspace/libatlas/native/thread.h"
#include "userspace/libatlas/system/disk.h"
#include "userspace/support/test.h"
#include "userspace/system/tests/disk_lines.h"

namespace {

using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::Require;
using trial::HoldsLines;
using trial::kDiskBytes;

alignas(16) char buffer[atlas::kMaxDiskRead];

void ExpectLines(uint64_t offset, size_t size_bytes, const char* what) {
  ExpectResult(atlas::ReadDisk(offset, buffer, size_bytes), 0, what);
  Expect(HoldsLines(buffer, offset, size_bytes), what);
}

void OthersAreRefused() {
  ExpectResult(atlas::ReadDisk(0, buffer, atlas::kDiskSector), EAGAIN, "no place for pages");
}

void Describes() {
  uint64_t size_bytes = 0;
  ExpectResult(atlas::DescribeDisk(size_bytes), 0, "describe");
  ExpectEqual(static_cast<int64_t>(size_bytes), kDiskBytes, "its size");
}

// Who is sent pages has to have a place for them.
void BecomeReader() { Require(atlas::BecomeNative() != nullptr, "a native thread"); }

void ReadsAll() {
  BecomeReader();
  ExpectLines(0, atlas::kDiskSector, "the first sector");
  ExpectLines(kDiskBytes - atlas::kDiskSector, atlas::kDiskSector, "the last one");
  ExpectLines(3 * atlas::kDiskSector, 9 * atlas::kDiskSector, "some of them");
  for (uint64_t offset = 0; offset < kDiskBytes; offset += atlas::kMaxDiskRead) {
    ExpectLines(offset, atlas::kMaxDiskRead, "all of it");
  }
}

void Refuses() {
  BecomeReader();
  struct Row {
    const char* what;
    uint64_t offset;
    size_t size_bytes;
  };
  for (const Row& row : {
           Row{"nothing", 0, 0},
           Row{"half a sector", 0, 256},
           Row{"from half a sector on", 256, 512},
           Row{"behind the end", kDiskBytes, 512},
           Row{"across it", kDiskBytes - 512, 1024},
           Row{"an offset that wraps", UINT64_MAX - 511, 1024},
           Row{"more than there are pages for", 0, atlas::kMaxDiskRead + 512},
       }) {
    ExpectResult(atlas::ReadDisk(row.offset, buffer, row.size_bytes), EINVAL, row.what);
  }
  ExpectLines(0, atlas::kDiskSector, "it goes on");
}

// Who asks at once gets each his own.
void ManyAtOnce() {
  constexpr int kProcesses = 8;
  constexpr uint64_t kReads = 50;
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = fork();
    Require(child >= 0, "a process");
    if (child != 0) continue;
    BecomeReader();
    for (uint64_t i = 0; i < kReads; ++i) {
      const uint64_t sector = (static_cast<uint64_t>(process) * 977 + i * 31) % 2048;
      const long result = atlas::ReadDisk(sector * atlas::kDiskSector, buffer, atlas::kDiskSector);
      if (result != 0 || !HoldsLines(buffer, sector * atlas::kDiskSector, atlas::kDiskSector))
        _exit(1);
    }
    _exit(0);
  }
  for (int process = 0; process < kProcesses; ++process) {
    int status = 0;
    Require(wait(&status) > 0, "its end");
    ExpectEqual(status, 0, "all that it read");
  }
}

constexpr support::Test kTests[] = {
    {"the disk is described", Describes},
    {"all of the disk is read", ReadsAll},
    {"what is not on the disk is refused", Refuses},
    {"threads without a place for pages are refused", OthersAreRefused},
    {"many processes read at once", ManyAtOnce},
};

}  // namespace

int main(int argc, char** argv) {
  const std::span<const support::Test> groups[] = {kTests};
  return support::RunTests(argc, argv, groups);
}
