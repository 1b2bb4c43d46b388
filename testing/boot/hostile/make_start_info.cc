// Writes the PVH start info of each case to DIRECTORY/<case>.start_info: make_start_info DIRECTORY.
//
// Structures: Xen public headers, arch-x86/hvm/start_info.h. Nothing is shared with the kernel's
// reader.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "testing/boot/hostile/write_file.h"

namespace {

// Where QEMU loads the file: hostile_tests.bzl says the same.
constexpr uint64_t kLoadAddress = 0x2100000;
constexpr uint64_t kMapOffset = 0x100;

constexpr uint32_t kMagic = 0x336ec578;

enum Type : uint32_t { kRam = 1, kReserved = 2 };

struct MapEntry {
  uint64_t base;
  uint64_t size_bytes;
  uint32_t type;
  uint32_t reserved;
};
static_assert(sizeof(MapEntry) == 24);

struct StartInfo {
  uint32_t magic = kMagic;
  uint32_t version = 1;
  uint32_t flags = 0;
  uint32_t module_count = 0;
  uint64_t module_list = 0;
  uint64_t command_line = 0;
  uint64_t acpi_root_pointer = 0;
  uint64_t memory_map = kLoadAddress + kMapOffset;
  uint32_t memory_map_count = 0;
  uint32_t reserved = 0;
};
static_assert(sizeof(StartInfo) == 56);

struct Case {
  std::string_view name;
  std::vector<MapEntry> map;
  StartInfo head = {};
};

constexpr uint64_t kMiB = 1 << 20;
constexpr MapEntry kLow{0, 0x9f000, kRam, 0};
constexpr MapEntry kBios{0xf0000, 0x10000, kReserved, 0};
constexpr MapEntry kHigh{kMiB, 511 * kMiB, kRam, 0};
constexpr uint64_t kTop = 0xffff'ffff'ffff'f000;

// A module list of one, behind the head: a module that runs past the last address.
constexpr uint64_t kWrappingModule[] = {kTop, 0x10000, 0, 0};
constexpr uint64_t kModuleOffset = 0x40;
static_assert(kModuleOffset >= sizeof(StartInfo));
static_assert(kModuleOffset + sizeof(kWrappingModule) <= kMapOffset);

// More than any firmware has.
std::vector<MapEntry> ManyEntries() {
  std::vector<MapEntry> map = {kLow, kBios, kHigh};
  for (uint64_t i = 0; i < 200; ++i) map.push_back({(1024 + i) * kMiB, 4096, kReserved, 0});
  return map;
}

std::vector<Case> Cases() {
  return {
      {"sound", {kLow, kBios, kHigh}},
      {"overlapping", {kLow, kBios, kHigh, {256 * kMiB, kMiB, kReserved, 0}}},
      {"unsorted", {kHigh, kLow, kBios}},
      {"zero_length", {kLow, {0xa0000, 0, kReserved, 0}, kBios, kHigh}},
      {"wrapping", {kLow, kBios, kHigh, {kTop, 0x2000, kReserved, 0}}},
      {"only_reserved", {{0, 512 * kMiB, kReserved, 0}}},
      {"too_little", {kLow, kBios, {kMiB, 7 * kMiB, kRam, 0}}},
      {"too_many", ManyEntries()},
      {"empty", {}},
      {"old_version", {kLow, kBios, kHigh}, {.version = 0}},
      {"bad_magic", {kLow, kBios, kHigh}, {.magic = 0xdeadbeef}},
      {"map_nowhere", {kLow, kBios, kHigh}, {.memory_map = 0x123456789abc}},
      {"wrapping_module",
       {kLow, kBios, kHigh},
       {.module_count = 1, .module_list = kLoadAddress + kModuleOffset}},
      {"many_modules", {kLow, kBios, kHigh}, {.module_count = 0xffffffff}},
  };
}

void WriteCase(const std::string& directory, const Case& one) {
  StartInfo head = one.head;
  head.memory_map_count = static_cast<uint32_t>(one.map.size());
  std::string bytes(kMapOffset, '\0');
  std::memcpy(bytes.data(), &head, sizeof(head));
  std::memcpy(bytes.data() + kModuleOffset, kWrappingModule, sizeof(kWrappingModule));
  bytes.append(reinterpret_cast<const char*>(one.map.data()), one.map.size() * sizeof(MapEntry));
  WriteFile(directory + "/" + std::string(one.name) + ".start_info", bytes);
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::fprintf(stderr, "usage: make_start_info DIRECTORY\n");
    return 2;
  }
  for (const Case& one : Cases()) WriteCase(arguments[1], one);
  return 0;
}
