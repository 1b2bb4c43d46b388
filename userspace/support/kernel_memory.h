// What the kernel says of its memory, for programs that compare before and after.
#pragma once

#include <cstdint>

#include "userspace/support/test.h"

namespace support {

// A file's text, with one read into memory that is there: to look changes nothing. Valid until the
// next call.
[[nodiscard]] const char* TextOf(const char* path);

// The number behind the first `key` in the text.
[[nodiscard]] int64_t NumberBehind(const char* text, const char* key);

// What is in use now, when the kernel has given back what it keeps at hand. A page with small
// blocks may have more or fewer of them, by who else has some: such pages count as unused, and that
// as many blocks are in use as before says that none stays. Atlas alone is that exact.
class MemoryUse {
 public:
  MemoryUse();

  void ExpectIs(const MemoryUse& before, Where where = Where::current()) const;
  // The same of page tables and blocks alone.
  void ExpectKeepsNoMoreThan(const MemoryUse& before, Where where = Where::current()) const;
  void Print() const;

  [[nodiscard]] int64_t unused_kib() const { return unused_kib_; }
  // How many tables lead to what the kernel has depends on where that lies.
  [[nodiscard]] int64_t unused_or_tables_kib() const { return unused_kib_ + page_tables_kib_; }

 private:
  int64_t page_tables_kib_;
  int64_t unused_kib_;
  int64_t blocks_;
};

}  // namespace support
