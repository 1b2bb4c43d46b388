// Driver objects as the system process loads, guards and discards them, by a program that is not
// it. KTAP.
//
//   driver_tests drivers=DIRECTORY [test=TEXT...]

#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <utility>

#include "userspace/drivers/driver_object.h"
#include "userspace/support/kernel_memory.h"
#include "userspace/support/test.h"
#include "userspace/support/text.h"
#include "userspace/system/guard.h"
#include "userspace/system/loaded_object.h"
#include "userspace/system/tests/crash.h"

namespace {

using dispatch::LoadedObject;
using support::Expect;
using support::ExpectEqual;
using support::Line;
using support::Require;

const char* directory = "/lib/drivers";

struct Path {
  char text[256];
};

Path PathOf(const char* driver) {
  Path path;
  std::snprintf(path.text, sizeof path.text, "%s/%s.so", directory, driver);
  return path;
}

LoadedObject Load(const char* driver) {
  auto loaded = LoadedObject::Load(PathOf(driver).text);
  if (!loaded.has_value()) Line().Text("# ").Text(loaded.error()).Write();
  Require(loaded.has_value(), driver);
  return *std::move(loaded);
}

void LoadsAll() {
  for (const char* const driver : {"clock", "serial", "virtio_block", "virtio_entropy", "crash"}) {
    const LoadedObject object = Load(driver);
    Expect(std::strcmp(object.entry().name, driver) == 0, driver);
  }
}

// A device of disks counts in sectors.
void RefusesHalfASector() {
  const LoadedObject object = Load("virtio_block");
  alignas(16) static char state[4096];
  Require(object.entry().state_bytes <= sizeof state, "room");
  drivers::DriverRequest request{};
  request.function = drivers::RequestFunction::kRead;
  request.offset = 256;
  request.size_bytes = 512;
  ExpectEqual(object.entry().request(state, &request),
              drivers::StatusOf(base::Error::kInvalidArgument), "from half a sector on");
}

struct Copy {
  alignas(4096) char bytes[256 << 10];
  size_t size_bytes;
};
Copy copy;

void ReadDriver() {
  const int file = open(PathOf("crash").text, O_RDONLY);
  const ssize_t count = read(file, copy.bytes, sizeof copy.bytes);
  close(file);
  Require(count > 0 && count < ssize_t{sizeof copy.bytes}, "a driver to corrupt");
  copy.size_bytes = static_cast<size_t>(count);
}

void ExpectRefused(const char* what, const char* reason) {
  char path[] = "/tmp/driver.so.XXXXXX";
  const int file = mkstemp(path);
  Require(file >= 0, "a file");
  Require(write(file, copy.bytes, copy.size_bytes) == static_cast<ssize_t>(copy.size_bytes),
          "room");
  close(file);
  const auto loaded = LoadedObject::Load(path);
  unlink(path);
  Expect(!loaded.has_value(), what);
  if (loaded.has_value()) return;
  if (std::strcmp(loaded.error(), reason) != 0) Line().Text("# ").Text(loaded.error()).Write();
  Expect(std::strcmp(loaded.error(), reason) == 0, what);
}

template <class Type>
Type At(size_t offset) {
  Type value;
  Require(offset <= copy.size_bytes && copy.size_bytes - offset >= sizeof value, "a whole driver");
  std::memcpy(&value, copy.bytes + offset, sizeof value);
  return value;
}

// The offset of the first relocation. What is not written to is loaded from where it lies.
size_t FindRelocation() {
  const auto header = At<ElfW(Ehdr)>(0);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment = At<ElfW(Phdr)>(header.e_phoff + i * sizeof(ElfW(Phdr)));
    if (segment.p_type != PT_DYNAMIC) continue;
    for (size_t offset = segment.p_offset;; offset += sizeof(ElfW(Dyn))) {
      const auto entry = At<ElfW(Dyn)>(offset);
      if (entry.d_tag == DT_RELA || entry.d_tag == DT_REL) return entry.d_un.d_ptr;
      Require(entry.d_tag != DT_NULL, "relocations");
    }
  }
  Require(false, "a dynamic section");
  return 0;
}

// The offset of what the driver says of itself.
size_t FindEntry() {
  constexpr uint32_t kBegin[] = {drivers::kEntryVersion, trial::kCrashStateBytes};
  const void* const found = memmem(copy.bytes, copy.size_bytes, kBegin, sizeof kBegin);
  Require(found != nullptr, "an entry");
  const auto offset = static_cast<size_t>(static_cast<const char*>(found) - copy.bytes);
  constexpr char kName[] = "crash";
  const char* const name = copy.bytes + offset + offsetof(drivers::DriverEntry, name);
  Require(std::memcmp(name, kName, sizeof kName) == 0, "the driver's");
  return offset;
}

// The kind of a relocation that is not what drivers may have.
void RefusesABadRelocation(const Copy& whole) {
  copy = whole;
  constexpr char kNoKind = 0x63;
  copy.bytes[FindRelocation() + offsetof(ElfW(Rel), r_info)] = kNoKind;
  ExpectRefused("a relocation of no kind", "it has a relocation that is not allowed");
}

// Files that can be loaded, but the driver says of itself what cannot be.
void RefusesABadEntry(const Copy& whole) {
  using drivers::DriverEntry;
  constexpr uint32_t kTooManyStateBytes = (1 << 20) + 1;
  const auto write = [&](size_t offset, uint32_t value) {
    copy = whole;
    std::memcpy(copy.bytes + FindEntry() + offset, &value, sizeof value);
  };
  write(offsetof(DriverEntry, version), drivers::kEntryVersion + 1);
  ExpectRefused("another version", "its entry has another version");
  write(offsetof(DriverEntry, name), 0);
  ExpectRefused("a driver without a name", "it has no name");
  write(offsetof(DriverEntry, state_bytes), kTooManyStateBytes);
  ExpectRefused("a driver that wants much", "it wants too much memory");
  // The first relocation is of the entry's first function, which is left without one.
  copy = whole;
  const size_t place = FindRelocation() + offsetof(ElfW(Rel), r_offset);
  const auto next = At<ElfW(Addr)>(place) + sizeof(ElfW(Addr));
  std::memcpy(copy.bytes + place, &next, sizeof next);
  ExpectRefused("a function elsewhere", "its functions are not its own");
}

// What each file has to answer; object_judge_test.cc knows many more.
void RefusesWhatIsCorrupt() {
  ReadDriver();
  const Copy whole = copy;
  constexpr size_t kPartBytes = 1024;  // less than what is loaded
  copy.size_bytes = kPartBytes;
  ExpectRefused("a part of a driver", "it is cut off");
  copy.size_bytes = 0;
  ExpectRefused("nothing", "it is cut off");
  copy = whole;
  constexpr size_t kMachine = 18;  // of the header: e_machine
  copy.bytes[kMachine] = 0x77;
  ExpectRefused("a driver for another processor", "it is for another processor");
  copy = whole;
  std::memset(copy.bytes, 'x', 64);
  ExpectRefused("a text", "it is no ELF file");
  RefusesABadRelocation(whole);
  RefusesABadEntry(whole);
  const auto missing = LoadedObject::Load("/tmp/no such driver");
  Expect(!missing.has_value() && std::strcmp(missing.error(), "it cannot be opened") == 0,
         "no file");
}

// Whether the kernel can read a byte there.
bool IsReadable(uintptr_t address) {
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  const bool written = write(ends[1], reinterpret_cast<const void*>(address), 1) == 1;
  close(ends[0]);
  close(ends[1]);
  return written;
}

drivers::DriverRequest Asking(trial::CrashKind kind, uintptr_t address) {
  drivers::DriverRequest request{};
  request.offset = static_cast<uint64_t>(kind);
  request.device_address = address;
  return request;
}

// Crashes, is discarded, and is loaded again as if nothing had been, each time at a new place.
void CrashesAreSurvived() {
  struct Row {
    trial::CrashKind kind;
    const char* name;
    int signal;
  };
  Require(dispatch::PrepareGuard(), "a guard");
  void* const hole = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const auto nowhere = reinterpret_cast<uintptr_t>(hole);
  for (const Row& row : {
           Row{trial::CrashKind::kNone, "none", 0},
           Row{trial::CrashKind::kWrite, "a write", SIGSEGV},
           Row{trial::CrashKind::kJump, "a jump", SIGSEGV},
           Row{trial::CrashKind::kCheck, "a broken invariant", SIGILL},
           Row{trial::CrashKind::kStack, "the stack", SIGSEGV},
           Row{trial::CrashKind::kCopy, "memcpy", SIGSEGV},
           Row{trial::CrashKind::kNone, "none any more", 0},
       }) {
    LoadedObject object = Load("crash");
    const uintptr_t base = object.base();
    for (uint64_t time = 1; time <= 2; ++time) {
      drivers::DriverRequest request =
          Asking(time == 1 ? trial::CrashKind::kNone : row.kind, nowhere);
      const auto outcome = dispatch::RunGuarded([&] { object.entry().request(nullptr, &request); });
      const int signal = outcome.has_value() ? 0 : outcome.error().signal;
      ExpectEqual(signal, time == 1 ? 0 : row.signal, row.name);
      ExpectEqual(static_cast<int64_t>(request.result), static_cast<int64_t>(time), row.name);
    }
    const uintptr_t last = base + object.size_bytes() - 1;
    Expect(IsReadable(last), row.name);
    object.Discard();
    Expect(!object.is_loaded() && IsReadable(base) && !IsReadable(base + 4096) && !IsReadable(last),
           row.name);
  }
}

// Loading and discarding takes nothing but a page for each time.
void DiscardedOnesTakeNothing() {
  constexpr int64_t kTimes = 2 * 64;
  const auto free_kib = [] {
    return support::NumberBehind(support::TextOf("/proc/meminfo"), "MemFree:");
  };
  static_cast<void>(Load("virtio_block"));
  const int64_t before = free_kib();
  for (int64_t i = 0; i < kTimes; ++i) static_cast<void>(Load("virtio_block"));
  // The page, what the loader notes of it, and tables. Elsewhere others take memory as well.
  constexpr int64_t kMostKibEach = 8;
  const bool is_alone = access("/proc/verify", F_OK) == 0;
  if (is_alone) Expect(before - free_kib() <= kTimes * kMostKibEach, "memory comes back");
  const int file = open("/dev/null", O_RDONLY);
  Expect(file >= 0 && file < 16, "no file is left open");
  Load("virtio_block");
}

constexpr support::Test kTests[] = {
    {"all drivers are loaded", LoadsAll},
    {"a disk's driver refuses half a sector", RefusesHalfASector},
    {"corrupt drivers are refused", RefusesWhatIsCorrupt},
    {"crashes of drivers are survived", CrashesAreSurvived},
    {"discarded drivers take nothing", DiscardedOnesTakeNothing},
};

}  // namespace

int main(int argc, char** argv) {
  constexpr char kKey[] = "drivers=";
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], kKey, sizeof kKey - 1) == 0) directory = argv[i] + sizeof kKey - 1;
  }
  const std::span<const support::Test> groups[] = {kTests};
  return support::RunTests(argc, argv, groups);
}
