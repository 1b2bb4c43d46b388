#include "userspace/support/kernel_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "userspace/support/text.h"

namespace support {
namespace {

void DropCaches() {
  constexpr char kPath[] = "/proc/sys/vm/drop_caches";
  const int file = open(kPath, O_WRONLY);
  Require(file >= 0, kPath);
  Require(write(file, "3", 1) == 1, "dropped caches");
  close(file);
}

// A line of slabinfo: name, how many are in use, and more numbers.
int64_t CountBlocks() {
  int64_t count = 0;
  const char* line = TextOf("/proc/slabinfo");
  while ((line = std::strchr(line, '\n')) != nullptr) {
    ++line;
    const char* const number = std::strchr(line, ' ');
    if (*line != '#' && number != nullptr) count += std::strtoll(number, nullptr, 10);
  }
  return count;
}

}  // namespace

const char* TextOf(const char* path) {
  static char text[16384];
  std::memset(text, 0, sizeof text);  // all of it is there before anybody looks
  const int file = open(path, O_RDONLY);
  Require(file >= 0, path);
  size_t size = 0;
  for (ssize_t count; (count = read(file, text + size, sizeof text - size)) > 0;) {
    size += static_cast<size_t>(count);
  }
  close(file);
  Require(size > 0 && size < sizeof text, "its contents");
  return text;
}

int64_t NumberBehind(const char* text, const char* key) {
  const char* const found = std::strstr(text, key);
  Require(found != nullptr, key);
  return std::strtoll(found + std::strlen(key), nullptr, 10);
}

MemoryUse::MemoryUse() {
  DropCaches();
  const char* const text = TextOf("/proc/meminfo");
  page_tables_kib_ = NumberBehind(text, "PageTables:");
  unused_kib_ = NumberBehind(text, "MemFree:") + NumberBehind(text, "Slab:");
  blocks_ = CountBlocks();
}

void MemoryUse::ExpectIs(const MemoryUse& before, Where where) const {
  ExpectEqual(unused_kib_, before.unused_kib_, "unused memory in KiB", where);
  ExpectKeepsNoMoreThan(before, where);
}

void MemoryUse::ExpectKeepsNoMoreThan(const MemoryUse& before, Where where) const {
  ExpectEqual(page_tables_kib_, before.page_tables_kib_, "page tables in KiB", where);
  ExpectEqual(blocks_, before.blocks_, "blocks in use", where);
}

void MemoryUse::Print() const {
  Line()
      .Text("# unused ")
      .Decimal(unused_kib_)
      .Text(" KiB, page tables ")
      .Decimal(page_tables_kib_)
      .Text(" KiB, blocks ")
      .Decimal(blocks_)
      .Write();
}

}  // namespace support
