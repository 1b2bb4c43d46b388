// Reads an executable file: hostile input, of which nothing is believed before it is checked. What
// passes can be mapped without looking again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kernel/base/function_ref.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/posix/elf.h"
#include "kernel/posix/errno.h"

namespace process {

// Reads `to.size()` bytes at `offset`; kNotExecutable, when the file is too short.
using FileReader = base::FunctionRef<posix::Result<>(uint64_t offset, std::span<std::byte> to)>;

// A PT_LOAD segment: whole pages, to be shown privately.
struct ElfSegment {
  mm::VirtRange range;    // where the file wants it; as far from 0 in a movable program
  mm::Access access;      // r, rw or rx
  uint64_t offset_bytes;  // of the page in the file that `range` begins with
  // From there on, bytes of the file; zeroes behind them.
  uint64_t file_bytes;
  // Whether zeroes begin before the end of the file's last page.
  bool has_zeroes;
};

struct ElfProgram {
  static constexpr size_t kMaximumSegments = 16;

  enum class Placement : uint8_t {
    kFixed,    // where its segments say
    kMovable,  // anywhere, as a whole
  };

  [[nodiscard]] std::span<const ElfSegment> segments() const {
    return std::span(segment_storage).first(segment_count);
  }
  // From the first segment's first byte to the last one's last.
  [[nodiscard]] mm::VirtRange Span() const {
    return mm::FromFirstToLast(segment_storage[0].range.base,
                               segment_storage[segment_count - 1].range.last());
  }

  Placement placement;
  mm::VirtAddr entry;  // with the bit of ARM that selects Thumb
  // A power of two, at least a page: movable programs begin at a multiple of it, plus Span().base.
  uint64_t alignment = mm::kPageSize;
  std::array<ElfSegment, kMaximumSegments> segment_storage;  // ascending and disjoint
  size_t segment_count = 0;                                  // at least 1
  // Where a segment shows the program headers, if one does.
  std::optional<mm::VirtAddr> program_headers;
  uint16_t program_header_bytes;
  uint16_t program_header_count;
  // The name of the interpreter that starts the program: this part of the file, its last byte
  // being 0.
  struct FilePart {
    uint64_t offset_bytes;
    size_t size_bytes;
  };
  std::optional<FilePart> interpreter;
};

// The program in a file of `file_bytes`, for `machine`, goes to where its caller has room for it: a
// kernel stack has none for copies. Errors: kNotExecutable; those of `read`.
[[nodiscard]] posix::Result<> ReadElf(const posix::ElfMachine& machine, uint64_t file_bytes,
                                      FileReader read, ElfProgram& program);

}  // namespace process
