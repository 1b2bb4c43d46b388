#include "userspace/system/loaded_object.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <span>

#include "userspace/machine/elf_number.h"
#include "userspace/system/object_judge.h"

namespace dispatch {
namespace {

constexpr size_t kPageBytes = 4096;

// An open file, closed at its end.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

bool ReadAll(int from, std::span<std::byte> to) {
  while (!to.empty()) {
    const ssize_t count = read(from, to.data(), to.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    to = to.subspan(static_cast<size_t>(count));
  }
  return true;
}

// Fills `copy`, a file without a name, with a driver object. Null, or what is wrong with it.
const char* CopyObject(const char* path, int copy) {
  const Descriptor file(open(path, O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!file.is_open() || fstat(file.number(), &status) != 0) return "it cannot be opened";
  if (status.st_size <= 0) return Describe(ObjectFault::kTruncated);
  if (static_cast<uint64_t>(status.st_size) > kMaxObjectBytes) return "it is too large";
  const auto size_bytes = static_cast<size_t>(status.st_size);
  if (ftruncate(copy, status.st_size) != 0) return "there is no memory for it";
  void* const memory = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, copy, 0);
  if (memory == MAP_FAILED) return "there is no memory for it";
  const std::span bytes(static_cast<std::byte*>(memory), size_bytes);
  const char* fault = nullptr;
  if (!ReadAll(file.number(), bytes)) {
    fault = "it cannot be read";
  } else if (const auto verdict = JudgeObject(bytes, machine::kElfNumber); !verdict.has_value()) {
    fault = Describe(verdict.error());
  }
  munmap(memory, size_bytes);
  return fault;
}

// What the loader has mapped around an address.
struct Place {
  uintptr_t inside;
  uintptr_t base = 0;
  size_t size_bytes = 0;
  // Of its code.
  uintptr_t code = 0;
  size_t code_bytes = 0;

  bool HasCode(uintptr_t address) const { return address >= code && address - code < code_bytes; }
};

int FindPlace(dl_phdr_info* object, size_t, void* found) {
  auto& place = *static_cast<Place*>(found);
  Place here{.inside = place.inside};
  bool is_it = false;
  for (const ElfW(Phdr) & segment : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
    if (segment.p_type != PT_LOAD) continue;
    const uintptr_t first = object->dlpi_addr + segment.p_vaddr;
    if (place.inside >= first && place.inside - first < segment.p_memsz) is_it = true;
    if ((segment.p_flags & PF_X) != 0) {
      here.code = first;
      here.code_bytes = segment.p_memsz;
    }
    const uintptr_t page = first / kPageBytes * kPageBytes;
    if (here.base == 0) here.base = page;
    const uintptr_t last = (first + segment.p_memsz - 1) / kPageBytes * kPageBytes + kPageBytes - 1;
    here.size_bytes = last - here.base + 1;
  }
  if (!is_it) return 0;
  place = here;
  return 1;
}

template <class Function>
bool IsIn(const Place& place, Function* function) {
  return place.HasCode(reinterpret_cast<uintptr_t>(function));
}

// Null, or what is wrong with it.
const char* JudgeEntry(const drivers::DriverEntry& entry, const Place& place) {
  constexpr uint32_t kMaxStateBytes = 1 << 20;
  if (entry.version != drivers::kEntryVersion) return "its entry has another version";
  if (std::ranges::find(entry.name, '\0') == std::end(entry.name) || entry.name[0] == '\0') {
    return "it has no name";
  }
  if (entry.state_bytes > kMaxStateBytes) return "it wants too much memory";
  if (!IsIn(place, entry.probe) || !IsIn(place, entry.handle_interrupt) ||
      !IsIn(place, entry.request) || !IsIn(place, entry.remove)) {
    return "its functions are not its own";
  }
  return nullptr;
}

}  // namespace

std::expected<LoadedObject, const char*> LoadedObject::Load(const char* path) {
  const Descriptor copy(memfd_create("driver", MFD_CLOEXEC));
  if (!copy.is_open()) return std::unexpected("there is no memory for it");
  if (const char* const fault = CopyObject(path, copy.number()); fault != nullptr) {
    return std::unexpected(fault);
  }
  char copy_path[32];
  std::snprintf(copy_path, sizeof copy_path, "/proc/self/fd/%d", copy.number());
  void* const object = dlopen(copy_path, RTLD_NOW | RTLD_LOCAL);
  if (object == nullptr) return std::unexpected(dlerror());
  void* const entry = dlsym(object, drivers::kEntryName);
  Place place{.inside = reinterpret_cast<uintptr_t>(entry)};
  // JudgeObject() has seen the entry.
  if (entry == nullptr || dl_iterate_phdr(FindPlace, &place) == 0) {
    return std::unexpected("it shows no entry");
  }
  LoadedObject loaded;
  loaded.entry_ = static_cast<const drivers::DriverEntry*>(entry);
  loaded.base_ = place.base;
  loaded.size_bytes_ = place.size_bytes;
  if (const char* const fault = JudgeEntry(*loaded.entry_, place); fault != nullptr) {
    return std::unexpected(fault);
  }
  return loaded;
}

void LoadedObject::Discard() {
  if (!is_loaded()) return;
  // musl never unloads, and reads the headers of all objects it has loaded whenever it looks for
  // one: they stay, in a page that nothing can change.
  std::array<std::byte, kPageBytes> headers;
  void* const base = reinterpret_cast<void*>(base_);
  std::memcpy(headers.data(), base, headers.size());
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  void* const empty = mmap(base, size_bytes_, PROT_NONE, kFlags, -1, 0);
  if (empty != MAP_FAILED && mprotect(base, kPageBytes, PROT_READ | PROT_WRITE) == 0) {
    std::memcpy(base, headers.data(), headers.size());
    mprotect(base, kPageBytes, PROT_READ);
  }
  entry_ = nullptr;
}

}  // namespace dispatch
