// The texts of /proc as tools read them: line by line, field by field, and with what they count
// adding up.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "userspace/posix_tests/groups.h"
#include "userspace/posix_tests/memory.h"
#include "userspace/posix_tests/proc_text.h"
#include "userspace/support/test.h"
#include "userspace/support/text.h"

namespace posix {
namespace {

using support::Expect;
using support::ExpectEqual;

constexpr int64_t kPageKiB = kPage / 1024;

// Calls `use` with each whole line, without its end, as a C string.
template <class Use>
void ForEachLine(std::string_view text, Use&& use) {
  char line[512];
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    line[text.substr(0, std::min(end, sizeof line - 1)).copy(line, sizeof line - 1)] = '\0';
    use(static_cast<const char*>(line));
    text.remove_prefix(end + 1);
  }
}

void ExpectLine(bool is_good, const char* line) {
  if (is_good) return;
  support::Line().Text("# ").Text(line).Write();
  Expect(false, "a line that tools read");
}

// Some are for root alone.
bool MayRead(const char* path) {
  const ProcText mounts_it("/proc/self/stat");
  const int file = open(path, O_RDONLY);
  if (file < 0) {
    Expect(errno == EACCES || errno == EPERM, path);
    return false;
  }
  close(file);
  return true;
}

struct MapsLine {
  uint64_t first = 0;
  uint64_t end = 0;
  char rights[5] = {};
  int path_at = 0;
};

bool ReadMapsLine(const char* line, MapsLine& found) {
  uint64_t offset = 0;
  unsigned major = 0;
  unsigned minor = 0;
  uint64_t inode = 0;
  const int count =
      std::sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 "%n", &found.first,
                  &found.end, found.rights, &offset, &major, &minor, &inode, &found.path_at);
  return count == 7 && found.first < found.end && offset % kPage == 0;
}

bool AreRights(const char* rights) {
  constexpr const char* kChoices[] = {"r-", "w-", "x-", "ps"};
  for (size_t i = 0; i < 4; ++i) {
    if (rights[i] == '\0' || std::strchr(kChoices[i], rights[i]) == nullptr) return false;
  }
  return true;
}

void Maps() {
  constexpr size_t kPathColumn = 25 + 6 * sizeof(void*);
  uint64_t last_end = 0;
  unsigned with_path = 0;
  unsigned stacks = 0;
  const ProcText text("/proc/self/maps");
  ForEachLine(text.all(), [&](const char* line) {
    MapsLine found;
    ExpectLine(ReadMapsLine(line, found) && AreRights(found.rights) && found.first >= last_end,
               line);
    last_end = found.end;
    const char* path = line + found.path_at;
    path += std::strspn(path, " ");
    if (*path == '\0') return;
    ++with_path;
    ExpectLine(static_cast<size_t>(path - line) >= kPathColumn, line);
    stacks += std::strcmp(path, "[stack]") == 0 ? 1 : 0;
  });
  Expect(with_path > 1, "the program's file has a name");
  ExpectEqual(stacks, 1, "one stack");
}

// Each mapping of maps, with numbers that add up.
void Smaps() {
  const ProcText maps("/proc/self/maps");
  const ProcText smaps("/proc/self/smaps");
  int64_t size = 0;
  int64_t resident = 0;
  unsigned mappings = 0;
  std::string_view rest = smaps.all();
  ForEachLine(maps.all(), [&](const char* line) {
    const size_t at = rest.find(std::string_view(line, std::strcspn(line, " ")));
    ExpectLine(at != std::string_view::npos, line);
    if (at == std::string_view::npos) return;
    rest.remove_prefix(at);
    MapsLine found;
    Expect(ReadMapsLine(line, found), line);
    const auto kib = static_cast<int64_t>((found.end - found.first) / 1024);
    const auto number = [&](std::string_view name) { return NumberOf(rest, name); };
    ExpectEqual(number("Size:"), kib, line);
    const int64_t there = number("Rss:");
    ExpectLine(there <= kib && number("Pss:") <= there, line);
    ExpectEqual(number("Shared_Clean:") + number("Shared_Dirty:") + number("Private_Clean:") +
                    number("Private_Dirty:"),
                there, line);
    ExpectLine(number("Anonymous:") <= there && number("Swap:") == 0, line);
    size += kib;
    resident += there;
    ++mappings;
  });
  Expect(mappings > 2, "there are some");
  const ProcText status("/proc/self/status");
  Expect(size <= NumberOf(status.all(), "VmSize:") + kPageKiB * 64, "no more than the process");
  Expect(resident > 0, "some of it is there");
}

// What three files say of the process.
struct Sizes {
  ProcText stat{"/proc/self/stat"};
  ProcText status{"/proc/self/status"};
  ProcText statm{"/proc/self/statm"};
};

// Fields that top and ps read.
void Stat() {
  // The stack grows by what reading takes, and the process with it: what is read then agrees.
  std::optional<Sizes> sizes;
  sizes.emplace();
  sizes.emplace();
  const std::string_view all = sizes->stat.all();
  ExpectEqual(std::strtoll(all.data(), nullptr, 10), getpid(), "the process");
  const size_t name_end = all.rfind(')');
  Expect(name_end != std::string_view::npos, "its name");
  constexpr size_t kMost = 64;
  int64_t fields[kMost] = {};
  size_t count = 3;  // behind number, name and state
  const char* at = all.data() + name_end + 4;
  for (char* rest = nullptr; count < kMost; at = rest) {
    const auto value = static_cast<int64_t>(std::strtoull(at, &rest, 10));
    if (rest == at) break;
    fields[++count] = value;
  }
  ExpectEqual(static_cast<int64_t>(count), 52, "fields");
  ExpectEqual(all[name_end + 2], 'R', "it runs");
  ExpectEqual(fields[4], getppid(), "its parent");
  ExpectEqual(fields[20], 1, "threads");
  ExpectEqual(fields[23], NumberOf(sizes->status.all(), "VmSize:") * 1024, "its size");
  Expect(fields[24] > 0 && fields[24] * kPageKiB <= fields[23] / 1024, "pages that are there");
  ExpectEqual(std::strtoll(sizes->statm.all().data(), nullptr, 10),
              fields[23] / static_cast<int64_t>(kPage), "its size in pages");
}

void Meminfo() {
  const ProcText text("/proc/meminfo");
  ForEachLine(text.all(), [](const char* line) {
    char name[64];
    char unit[8] = {};
    uint64_t number = 0;
    const int count = std::sscanf(line, "%63[^:]: %" SCNu64 " %7s", name, &number, unit);
    ExpectLine(count == 2 || (count == 3 && std::strcmp(unit, "kB") == 0), line);
  });
  for (const char* const name : {"MemTotal:", "MemFree:", "MemAvailable:", "Buffers:", "Cached:",
                                 "SwapTotal:", "SwapFree:", "Shmem:", "Slab:", "SReclaimable:"}) {
    Expect(NumberOf(text.all(), name) >= 0, name);
  }
}

// What is free is told in three places. Other systems have some of it at hand, which two of them
// leave out.
void FreePages() {
  unsigned zones = 0;
  const ProcText buddies("/proc/buddyinfo");
  ForEachLine(buddies.all(), [&](const char* line) {
    constexpr int kOrders = 11;
    int node = 0;
    int at = 0;
    char zone[16];
    ExpectLine(std::sscanf(line, "Node %d, zone %15s%n", &node, zone, &at) == 2, line);
    int orders = 0;
    for (char* rest = nullptr;; ++orders) {
      std::strtoull(line + at, &rest, 10);
      if (rest == line + at) break;
      at = static_cast<int>(rest - line);
    }
    ExpectLine(orders >= kOrders - 1, line);
    ++zones;
  });
  Expect(zones > 0, "zones of buddyinfo");
  int64_t free_pages = 0;
  int64_t managed_pages = 0;
  unsigned named = 0;
  unsigned placed = 0;
  const ProcText zoneinfo("/proc/zoneinfo");
  ForEachLine(zoneinfo.all(), [&](const char* line) {
    uint64_t number = 0;
    char zone[16];
    int node = 0;
    if (std::sscanf(line, " pages free %" SCNu64, &number) == 1) {
      free_pages += static_cast<int64_t>(number);
    }
    if (std::sscanf(line, " managed %" SCNu64, &number) == 1) {
      managed_pages += static_cast<int64_t>(number);
    }
    named += std::sscanf(line, "Node %d, zone %15s", &node, zone) == 2 ? 1 : 0;
    placed += std::sscanf(line, " start_pfn: %" SCNu64, &number) == 1 ? 1 : 0;
  });
  // Of zones without pages, others say no more than their names.
  Expect(named >= zones && placed >= zones, "zones of zoneinfo");
  const ProcText counters("/proc/vmstat");
  ForEachLine(counters.all(), [](const char* line) {
    char name[64];
    uint64_t number = 0;
    char more = 0;
    ExpectLine(std::sscanf(line, "%63s %" SCNu64 "%c", name, &number, &more) == 2, line);
  });
  const int64_t counted = NumberOf(counters.all(), "nr_free_pages ");
  const ProcText memory("/proc/meminfo");
  // A machine that has lent memory to its host may tell of all of it here, in zones of the rest.
  if (managed_pages != NumberOf(memory.all(), "MemTotal:") / kPageKiB) return;
  const int64_t told = NumberOf(memory.all(), "MemFree:") / kPageKiB;
  const int64_t about = 1024 + told / 4;
  Expect(std::abs(counted - told) <= about, "vmstat and meminfo");
  Expect(std::abs(free_pages - told) <= about, "zoneinfo and meminfo");
}

void Slabinfo() {
  if (!MayRead("/proc/slabinfo")) return;
  const ProcText text("/proc/slabinfo");
  unsigned number = 0;
  ForEachLine(text.all(), [&](const char* line) {
    ++number;
    if (number == 1) return ExpectLine(std::strcmp(line, "slabinfo - version: 2.1") == 0, line);
    if (number == 2) return ExpectLine(std::strncmp(line, "# name ", 7) == 0, line);
    char name[128];
    uint64_t used = 0;
    uint64_t all = 0;
    uint64_t bytes = 0;
    uint64_t other = 0;
    const int count = std::sscanf(
        line,
        "%127s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " : tunables %" SCNu64
        " %" SCNu64 " %" SCNu64 " : slabdata %" SCNu64 " %" SCNu64 " %" SCNu64,
        name, &used, &all, &bytes, &other, &other, &other, &other, &other, &other, &other, &other);
    ExpectLine(count == 12 && used <= all && bytes > 0, line);
  });
  Expect(number > 2, "there are some");
}

void Vmallocinfo() {
  if (!MayRead("/proc/vmallocinfo")) return;
  const ProcText text("/proc/vmallocinfo");
  unsigned areas = 0;
  ForEachLine(text.all(), [&](const char* line) {
    uint64_t first = 0;
    uint64_t end = 0;
    uint64_t bytes = 0;
    const int count =
        std::sscanf(line, "0x%" SCNx64 "-0x%" SCNx64 " %" SCNu64 " ", &first, &end, &bytes);
    ExpectLine(count == 3 && bytes > 0 && bytes % kPage == 0, line);
    ++areas;
  });
  Expect(areas > 0, "there are some");
}

constexpr support::Test kTests[] = {
    {"proc: format of maps", Maps},
    {"proc: format of smaps", Smaps},
    {"proc: format of stat", Stat},
    {"proc: format of meminfo", Meminfo},
    {"proc: buddyinfo, zoneinfo, vmstat", FreePages},
    {"proc: format of slabinfo", Slabinfo},
    {"proc: format of vmallocinfo", Vmallocinfo},
};

}  // namespace

Group ProcFormatTests() { return kTests; }

}  // namespace posix
