// Whatever the file says: what the parser lets pass can be mapped.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "kernel/base/check.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/posix/elf.h"
#include "kernel/posix/errno.h"
#include "kernel/process/elf.h"

namespace {

void CheckProgram(const process::ElfProgram& program, uint64_t file_bytes) {
  CHECK(program.segment_count > 0);
  bool can_start = false;
  const process::ElfSegment* before = nullptr;
  for (const process::ElfSegment& segment : program.segments()) {
    CHECK(segment.range.IsAligned(mm::kPageSize) && !segment.range.Wraps());
    CHECK(before == nullptr || before->range.last() < segment.range.base);
    CHECK(segment.offset_bytes % mm::kPageSize == 0);
    CHECK(segment.file_bytes <= segment.range.size_bytes);
    CHECK(segment.file_bytes == 0 || (segment.offset_bytes <= file_bytes &&
                                      segment.file_bytes <= file_bytes - segment.offset_bytes));
    CHECK(!mm::Has(segment.access, mm::Access::kWrite | mm::Access::kExecute));
    can_start |= segment.range.Contains(mm::VirtAddr{program.entry.value & ~uint64_t{1}});
    before = &segment;
  }
  CHECK(can_start);
  CHECK((program.alignment & (program.alignment - 1)) == 0);
  if (program.program_headers) CHECK(program.Span().Contains(*program.program_headers));
  if (program.interpreter) {
    CHECK(program.interpreter->offset_bytes + program.interpreter->size_bytes <= file_bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const posix::ElfMachine machine =
      (data[0] & 1) != 0 ? posix::ElfMachine{posix::kElfClass64, posix::kElfMachineX86_64}
                         : posix::ElfMachine{posix::kElfClass32, posix::kElfMachineArm};
  const std::span<const uint8_t> file(data + 1, size - 1);
  // The file may be longer than what is looked at.
  const uint64_t file_bytes = file.size() + (data[0] & 2 ? 1 << 20 : 0);
  const auto read = [&](uint64_t offset, std::span<std::byte> to) -> posix::Result<> {
    CHECK(offset <= file_bytes && to.size() <= file_bytes - offset);
    std::memset(to.data(), 0, to.size());
    if (offset >= file.size()) return {};
    const size_t there = std::min<size_t>(to.size(), file.size() - offset);
    std::memcpy(to.data(), file.data() + offset, there);
    return {};
  };
  process::ElfProgram program;
  if (process::ReadElf(machine, file_bytes, read, program)) CheckProgram(program, file_bytes);
  return 0;
}
