#include "kernel/process/elf.h"

#include <algorithm>
#include <bit>

#include "kernel/base/bits.h"

namespace process {
namespace {

// Programs have about ten. More would be work for the kernel and nothing else.
constexpr uint16_t kMaximumHeaders = 64;
// The name of an interpreter is a path, with its 0.
constexpr uint64_t kMaximumInterpreterBytes = 4096;

constexpr auto kRefused = std::unexpected(posix::Errno::kNotExecutable);

// A program header with the fields of either word size.
struct Header {
  uint32_t type;
  uint32_t flags;
  mm::Range<mm::VirtAddr> memory;
  uint64_t offset;
  uint64_t file_bytes;
  uint64_t alignment;
};

template <class Segment>
Header HeaderOf(const Segment& segment) {
  return {.type = segment.type,
          .flags = segment.flags,
          .memory = {{segment.va}, segment.memory_bytes},
          .offset = segment.offset,
          .file_bytes = segment.file_bytes,
          .alignment = segment.alignment};
}

template <class T>
posix::Result<T> ReadAs(FileReader read, uint64_t offset) {
  T value;
  TRY(read(offset, std::as_writable_bytes(std::span(&value, 1))));
  return value;
}

bool LiesInFile(uint64_t offset, uint64_t bytes, uint64_t file_bytes) {
  return offset <= file_bytes && bytes <= file_bytes - offset;
}

// Reading is always allowed: no page table here can forbid it alone.
std::optional<mm::Access> AccessOf(uint32_t flags) {
  const bool can_write = (flags & posix::kElfWrite) != 0;
  const bool can_execute = (flags & posix::kElfExecute) != 0;
  if (can_write && can_execute) return std::nullopt;
  if (can_write) return mm::Access::kReadWrite;
  return can_execute ? mm::Access::kReadExecute : mm::Access::kRead;
}

class Parser {
 public:
  // `last_address`: the last that a program's pointers can hold.
  Parser(uint64_t file_bytes, uint64_t last_address, ElfProgram& program)
      : file_bytes_(file_bytes), last_address_(last_address), program_(program) {}

  posix::Result<> Add(const Header& header) {
    if (header.type == posix::kElfSegmentInterpreter) return AddInterpreter(header);
    if (header.type == posix::kElfSegmentLoad) return AddSegment(header);
    return {};
  }

  posix::Result<> Finish(uint64_t headers_offset, uint64_t headers_bytes) {
    if (program_.segment_count == 0) return kRefused;
    // Bit 0 selects Thumb.
    const mm::VirtAddr first{program_.entry.value & ~uint64_t{1}};
    bool can_start = false;
    for (const ElfSegment& segment : program_.segments()) {
      can_start |= mm::Has(segment.access, mm::Access::kExecute) && segment.range.Contains(first);
      const bool shows_headers =
          headers_offset >= segment.offset_bytes &&
          LiesInFile(headers_offset - segment.offset_bytes, headers_bytes, segment.file_bytes);
      if (shows_headers && !program_.program_headers) {
        program_.program_headers = segment.range.base + (headers_offset - segment.offset_bytes);
      }
    }
    if (!can_start) return kRefused;
    return {};
  }

 private:
  posix::Result<> AddInterpreter(const Header& header) {
    // The shortest name is a letter and a 0.
    const bool is_sound = !program_.interpreter && header.file_bytes >= 2 &&
                          header.file_bytes <= kMaximumInterpreterBytes &&
                          LiesInFile(header.offset, header.file_bytes, file_bytes_);
    if (!is_sound) return kRefused;
    program_.interpreter = {.offset_bytes = header.offset,
                            .size_bytes = static_cast<size_t>(header.file_bytes)};
    return {};
  }

  posix::Result<> AddSegment(const Header& header) {
    if (header.memory.IsEmpty()) return {};
    const auto access = AccessOf(header.flags);
    const bool is_sound =
        access && program_.segment_count < ElfProgram::kMaximumSegments && !header.memory.Wraps() &&
        header.memory.last().value <= last_address_ &&
        header.file_bytes <= header.memory.size_bytes &&
        LiesInFile(header.offset, header.file_bytes, file_bytes_) &&
        header.memory.base.value % mm::kPageSize == header.offset % mm::kPageSize &&
        (header.alignment <= 1 || std::has_single_bit(header.alignment));
    if (!is_sound) return kRefused;

    const mm::VirtAddr first = mm::AlignDown(header.memory.base, mm::kPageSize);
    const uint64_t lead_bytes = header.memory.base - first;
    // The last byte of the last page: its number has all low bits set.
    const mm::VirtAddr last{header.memory.last().value | (mm::kPageSize - 1)};
    if (last.value > last_address_) return kRefused;
    const size_t count = program_.segment_count;
    if (count > 0 && first <= program_.segment_storage[count - 1].range.last()) return kRefused;
    program_.segment_storage[count] = {
        .range = mm::FromFirstToLast(first, last),
        .access = *access,
        .offset_bytes = header.offset - lead_bytes,
        // Without bytes of the file there is nothing to show before the segment either.
        .file_bytes = header.file_bytes == 0 ? 0 : lead_bytes + header.file_bytes,
        .has_zeroes = header.file_bytes < header.memory.size_bytes};
    ++program_.segment_count;
    program_.alignment = std::max(program_.alignment, header.alignment);
    return {};
  }

  uint64_t file_bytes_;
  uint64_t last_address_;
  ElfProgram& program_;
};

template <class Word, class Segment>
posix::Result<> ReadProgram(const posix::ElfMachine& machine, uint64_t file_bytes, FileReader read,
                            ElfProgram& program) {
  const auto header = TRY(ReadAs<posix::ElfHeaderOf<Word>>(read, 0));
  const bool is_fixed = header.type == posix::kElfTypeFixed;
  const bool is_sound = (is_fixed || header.type == posix::kElfTypeMovable) &&
                        header.machine == machine.machine && header.version == posix::kElfVersion &&
                        header.program_header_bytes == sizeof(Segment) &&
                        header.program_header_count <= kMaximumHeaders;
  const uint64_t headers_bytes = uint64_t{header.program_header_count} * sizeof(Segment);
  const uint64_t headers_offset = header.program_headers_offset;
  if (!is_sound || !LiesInFile(headers_offset, headers_bytes, file_bytes)) return kRefused;

  program = {};
  program.placement = is_fixed ? ElfProgram::Placement::kFixed : ElfProgram::Placement::kMovable;
  program.entry = {header.entry};
  program.program_header_bytes = header.program_header_bytes;
  program.program_header_count = header.program_header_count;
  // Half of what the words could hold is more than any machine's user side.
  Parser parser(
      file_bytes,
      std::min<uint64_t>(std::numeric_limits<Word>::max(), std::numeric_limits<int64_t>::max()),
      program);
  for (uint16_t index = 0; index < header.program_header_count; ++index) {
    const uint64_t offset = headers_offset + uint64_t{index} * sizeof(Segment);
    TRY(parser.Add(HeaderOf(TRY(ReadAs<Segment>(read, offset)))));
  }
  return parser.Finish(headers_offset, headers_bytes);
}

}  // namespace

posix::Result<> ReadElf(const posix::ElfMachine& machine, uint64_t file_bytes, FileReader read,
                        ElfProgram& program) {
  if (file_bytes < sizeof(posix::ElfIdentity)) return kRefused;
  const auto identity = TRY(ReadAs<posix::ElfIdentity>(read, 0));
  const bool is_sound =
      identity.magic == posix::kElfMagic && identity.elf_class == machine.elf_class &&
      identity.byte_order == posix::kElfLittleEndian && identity.version == posix::kElfVersion;
  if (!is_sound) return kRefused;
  const bool is_64 = machine.elf_class == posix::kElfClass64;
  const size_t header_bytes =
      is_64 ? sizeof(posix::ElfHeaderOf<uint64_t>) : sizeof(posix::ElfHeaderOf<uint32_t>);
  if (file_bytes < header_bytes) return kRefused;
  return is_64 ? ReadProgram<uint64_t, posix::ElfSegment64>(machine, file_bytes, read, program)
               : ReadProgram<uint32_t, posix::ElfSegment32>(machine, file_bytes, read, program);
}

}  // namespace process
