// The machine's disk as a file: read, written and mapped. What is on the disk in the end is looked
// at from outside. KTAP.

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "userspace/libatlas/native/message.h"
#include "userspace/libatlas/native/thread.h"
#include "userspace/support/test.h"
#include "userspace/system/tests/disk_lines.h"

namespace {

using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::Require;
using trial::HoldsLines;
using trial::kDiskBytes;

constexpr size_t kPageBytes = 4096;

alignas(16) char buffer[64 << 10];

int OpenDisk(int flags) {
  const int file = open("/dev/vda", flags);
  Require(file >= 0, "the disk's file");
  return file;
}

// All of the disk, and a page more.
char* MapDisk(int flags) {
  const int file = OpenDisk(O_RDWR);
  void* const mapped =
      mmap(nullptr, kDiskBytes + kPageBytes, PROT_READ | PROT_WRITE, flags, file, 0);
  close(file);
  Require(mapped != MAP_FAILED, "a mapping");
  return static_cast<char*>(mapped);
}

void UnmapDisk(char* mapped) { munmap(mapped, kDiskBytes + kPageBytes); }

// System calls meet pages that nobody has read yet.
void CallsWaitForPages() {
  char* const shared = MapDisk(MAP_SHARED);
  char* const own = MapDisk(MAP_PRIVATE);
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  constexpr size_t kFirst = 100 * kPageBytes;
  const size_t middle = kFirst + kPageBytes / 2;
  for (size_t done = 0; done < kPageBytes;) {
    const ssize_t written = write(ends[1], shared + middle + done, kPageBytes - done);
    Require(written > 0, "a write from two pages");
    done += static_cast<size_t>(written);
  }
  Require(read(ends[0], buffer, kPageBytes) == static_cast<ssize_t>(kPageBytes), "what arrives");
  Expect(HoldsLines(buffer, middle, kPageBytes), "what arrives");
  Require(write(ends[1], "0123456789abcdef", 16) == 16, "a line");
  ExpectEqual(read(ends[0], own + kFirst + 8 * kPageBytes, 16), 16, "a read to a page");
  Expect(std::memcmp(own + kFirst + 8 * kPageBytes, "0123456789abcdef", 16) == 0, "the line");
  Expect(
      HoldsLines(own + kFirst + 8 * kPageBytes + 16, kFirst + 8 * kPageBytes + 16, kPageBytes - 16),
      "the rest of the page");
  struct stat status{};
  ExpectEqual(fstat(ends[0], reinterpret_cast<struct stat*>(own + kFirst + 16 * kPageBytes)), 0,
              "a structure to a page");
  Expect(fstat(ends[0], &status) == 0 && std::memcmp(&status, own + kFirst + 16 * kPageBytes,
                                                     offsetof(struct stat, st_size)) == 0,
         "the structure");
  close(ends[0]);
  close(ends[1]);
  UnmapDisk(shared);
  UnmapDisk(own);
}

void IsABlockDevice() {
  const int file = OpenDisk(O_RDONLY);
  struct stat status{};
  ExpectEqual(fstat(file, &status), 0, "fstat");
  Expect(S_ISBLK(status.st_mode), "its type");
  ExpectEqual(static_cast<int64_t>(status.st_rdev), static_cast<int64_t>(makedev(240, 0)),
              "its number");
  uint64_t bytes = 0;
  ExpectEqual(ioctl(file, BLKGETSIZE64, &bytes), 0, "BLKGETSIZE64");
  ExpectEqual(static_cast<int64_t>(bytes), kDiskBytes, "its bytes");
  unsigned long sectors = 0;
  ExpectEqual(ioctl(file, BLKGETSIZE, &sectors), 0, "BLKGETSIZE");
  ExpectEqual(static_cast<int64_t>(sectors), kDiskBytes / 512, "its sectors");
  int sector_bytes = 0;
  ExpectEqual(ioctl(file, BLKSSZGET, &sector_bytes), 0, "BLKSSZGET");
  ExpectEqual(sector_bytes, 512, "a sector");
  ExpectEqual(lseek(file, 0, SEEK_END), static_cast<int64_t>(kDiskBytes), "its end");
  ExpectEqual(lseek(file, -16, SEEK_CUR), static_cast<int64_t>(kDiskBytes - 16), "a line before");
  ExpectEqual(read(file, buffer, 100), 16, "the last line");
  Expect(HoldsLines(buffer, kDiskBytes - 16, 16), "the last line");
  ExpectEqual(read(file, buffer, 100), 0, "nothing behind it");
  ExpectEqual(pread(file, buffer, 100, kDiskBytes + 512), 0, "nor further on");
  Expect(write(file, buffer, 16) < 0 && errno == EBADF, "it is open for reading");
  close(file);
}

void IsReadToItsEnd() {
  const int file = OpenDisk(O_RDONLY);
  for (uint64_t offset = 0; offset < kDiskBytes; offset += sizeof buffer) {
    Require(read(file, buffer, sizeof buffer) == static_cast<ssize_t>(sizeof buffer), "a read");
    Expect(HoldsLines(buffer, offset, sizeof buffer), "what was read");
  }
  ExpectEqual(read(file, buffer, sizeof buffer), 0, "its end");
  close(file);
}

void MappingsShowIt() {
  for (const int flags : {MAP_SHARED, MAP_PRIVATE}) {
    char* const mapped = MapDisk(flags);
    Expect(HoldsLines(mapped, 0, kDiskBytes), "all of it");
    UnmapDisk(mapped);
  }
}

constexpr size_t kOwnPlace = 7 * kPageBytes;

void PrivateWritesStayPrivate() {
  char* const own = MapDisk(MAP_PRIVATE);
  std::memset(own + kOwnPlace, '!', kPageBytes);
  ExpectEqual(msync(own, kDiskBytes, MS_SYNC), 0, "msync");
  const int file = OpenDisk(O_RDONLY);
  ExpectEqual(pread(file, buffer, kPageBytes, kOwnPlace), static_cast<int64_t>(kPageBytes),
              "pread");
  Expect(HoldsLines(buffer, kOwnPlace, kPageBytes), "others see nothing of it");
  close(file);
  UnmapDisk(own);
}

// Each place by one of the calls alone.
constexpr size_t kMsyncPlace = 11 * kPageBytes;
constexpr size_t kFsyncPlace = 13 * kPageBytes;

void SharedWritesReachTheDisk() {
  char* const shared = MapDisk(MAP_SHARED);
  std::memset(shared + kFsyncPlace, '*', kPageBytes);
  const int file = OpenDisk(O_RDWR);
  ExpectEqual(pread(file, buffer, 1, kFsyncPlace), 1, "pread");
  ExpectEqual(buffer[0], '*', "who reads sees it at once");
  ExpectEqual(fsync(file), 0, "fsync");
  close(file);
  std::memset(shared + kMsyncPlace, '#', kPageBytes);
  ExpectEqual(msync(shared + kMsyncPlace, kPageBytes, MS_SYNC), 0, "msync");
  UnmapDisk(shared);
}

void WritesReachTheDisk() {
  constexpr uint64_t kPlace = 20 * kPageBytes - 8;
  const int file = OpenDisk(O_RDWR);
  ExpectEqual(pwrite(file, "across two pages", 16, kPlace), 16, "pwrite");
  char* const shared = MapDisk(MAP_SHARED);
  Expect(std::memcmp(shared + kPlace, "across two pages", 16) == 0, "mappings show it");
  UnmapDisk(shared);
  ExpectEqual(lseek(file, -4, SEEK_END), static_cast<int64_t>(kDiskBytes - 4), "lseek");
  ExpectEqual(write(file, "12345678", 8), 4, "as far as there is a disk");
  Expect(write(file, "5678", 4) < 0 && errno == ENOSPC, "its end");
  Expect(ftruncate(file, 0) < 0 && errno == EINVAL, "it has the size that it has");
  close(file);
}

sigjmp_buf on_bus_error;

void OnBusError(int, siginfo_t* information, void*) {
  siglongjmp(on_bus_error, information->si_code == BUS_ADRERR ? 1 : 2);
}

void NothingIsBehindItsEnd() {
  char* const shared = MapDisk(MAP_SHARED);
  struct sigaction action{};
  action.sa_sigaction = OnBusError;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &action, nullptr);
  const int jumped = sigsetjmp(on_bus_error, 1);
  if (jumped == 0) {
    const volatile char* const behind = shared + kDiskBytes;
    Expect(behind[0] == 0 && false, "a byte behind the end");
  }
  ExpectEqual(jumped, 1, "SIGBUS");
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  Expect(write(ends[1], shared + kDiskBytes, 1) < 0 && errno == EFAULT, "nor for calls");
  close(ends[0]);
  close(ends[1]);
  UnmapDisk(shared);
}

// Calls that need pages to be there.
void PagesAreThereWhenTheyMustBe() {
  char* const shared = MapDisk(MAP_SHARED);
  constexpr size_t kPlace = 30 * kPageBytes;
  unsigned char present[4] = {};
  ExpectEqual(mincore(shared + kPlace, 4 * kPageBytes, present), 0, "mincore");
  ExpectEqual(present[0], 0, "it is not there");
  ExpectEqual(mlock(shared + kPlace, 4 * kPageBytes), 0, "mlock");
  ExpectEqual(mincore(shared + kPlace, 4 * kPageBytes, present), 0, "mincore");
  for (const unsigned char one : present) ExpectEqual(one, 1, "a locked page");
  // To itself: the pages come along.
  Require(atlas::BecomeNative() != nullptr, "a native thread");
  constexpr size_t kSent = 35 * kPageBytes;
  atlas::Message message{};
  message.flags = atlas::kPages;
  message.arguments[0] = reinterpret_cast<uintptr_t>(shared + kSent);
  message.arguments[1] = 2 * kPageBytes;
  ExpectResult(atlas::Send(getpid(), message), 0, "a message with pages");
  const atlas::Message* const received = atlas::Receive();
  Require(received != nullptr, "the message");
  const auto* const pages = reinterpret_cast<const char*>(received->arguments[0]);
  Expect(HoldsLines(pages, kSent, 2 * kPageBytes), "its pages");
  UnmapDisk(shared);
}

// Where nobody writes.
constexpr size_t kReadPlace = 40 * kPageBytes;
constexpr size_t kReadBytes = 210 * kPageBytes;

bool MappingShowsIt(int flags) {
  return HoldsLines(MapDisk(flags) + kReadPlace, kReadPlace, kReadBytes);
}

// Sectors here and there, others for each way.
bool CallsReadIt(size_t way) {
  constexpr size_t kSectorBytes = 512;
  const int file = OpenDisk(O_RDONLY);
  for (size_t i = 0; i < 200; ++i) {
    const size_t place = kReadPlace + (way * 977 + i * 31) * kSectorBytes % kReadBytes;
    const ssize_t count = pread(file, buffer, kSectorBytes, static_cast<off_t>(place));
    if (count != ssize_t{kSectorBytes} || !HoldsLines(buffer, place, kSectorBytes)) return false;
  }
  return true;
}

// Who waits for the same page, and for others.
void ManyAtOnce() {
  constexpr int kProcesses = 8;
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = fork();
    Require(child >= 0, "a process");
    if (child != 0) continue;
    const bool is_right = process % 2 == 0
                              ? CallsReadIt(static_cast<size_t>(process))
                              : MappingShowsIt(process % 4 == 1 ? MAP_SHARED : MAP_PRIVATE);
    _exit(is_right ? 0 : 1);
  }
  for (int process = 0; process < kProcesses; ++process) {
    int status = 0;
    Require(wait(&status) > 0, "its end");
    ExpectEqual(status, 0, "all that it saw");
  }
}

constexpr support::Test kTests[] = {
    {"calls wait for pages", CallsWaitForPages},
    {"pages are there when they must be", PagesAreThereWhenTheyMustBe},
    {"many processes look at it at once", ManyAtOnce},
    {"it is a block device", IsABlockDevice},
    {"it is read to its end", IsReadToItsEnd},
    {"mappings show it", MappingsShowIt},
    {"private writes stay private", PrivateWritesStayPrivate},
    {"shared writes reach the disk", SharedWritesReachTheDisk},
    {"nothing is behind its end", NothingIsBehindItsEnd},
    {"writes reach the disk", WritesReachTheDisk},
};

}  // namespace

int main(int argc, char** argv) {
  const std::span<const support::Test> groups[] = {kTests};
  return support::RunTests(argc, argv, groups);
}
