#include "kernel/process/elf.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/posix/elf.h"
#include "kernel/posix/errno.h"
#include "testing/unit/test.h"

namespace {

using mm::Access;
using posix::Errno;
using process::ElfProgram;

constexpr uint64_t kTop64 = UINT64_MAX;

// A file of one machine's words: a header, program headers right behind it, then whatever.
template <class Word, class Segment>
struct File {
  static constexpr size_t kHeaders = 6;

  File() {
    header.identity = {.magic = posix::kElfMagic,
                       .elf_class = sizeof(Word) == 8 ? posix::kElfClass64 : posix::kElfClass32,
                       .byte_order = posix::kElfLittleEndian,
                       .version = posix::kElfVersion,
                       .rest = {}};
    header.type = posix::kElfTypeMovable;
    header.machine = sizeof(Word) == 8 ? posix::kElfMachineX86_64 : posix::kElfMachineArm;
    header.version = posix::kElfVersion;
    header.entry = 0x1234;
    header.program_headers_offset = sizeof(header);
    header.header_bytes = sizeof(header);
    header.program_header_bytes = sizeof(Segment);
    header.program_header_count = 3;
    segments[0] = Load(posix::kElfRead, 0, 0, 0x800, 0x800);
    segments[1] = Load(posix::kElfRead | posix::kElfExecute, 0x1000, 0x1000, 0x900, 0x900);
    segments[2] = Load(posix::kElfRead | posix::kElfWrite, 0x1f00, 0x2f00, 0x200, 0x2000);
  }

  static Segment Load(uint32_t flags, Word offset, Word va, Word file_bytes, Word memory_bytes) {
    Segment segment{};
    segment.type = posix::kElfSegmentLoad;
    segment.flags = flags;
    segment.offset = offset;
    segment.va = va;
    segment.file_bytes = file_bytes;
    segment.memory_bytes = memory_bytes;
    segment.alignment = mm::kPageSize;
    return segment;
  }

  posix::Result<ElfProgram> Read() const {
    const posix::ElfMachine machine = {
        .elf_class = sizeof(Word) == 8 ? posix::kElfClass64 : posix::kElfClass32,
        .machine = sizeof(Word) == 8 ? posix::kElfMachineX86_64 : posix::kElfMachineArm};
    std::array<std::byte, sizeof(header) + sizeof(segments)> bytes;
    std::memcpy(bytes.data(), &header, sizeof(header));
    std::memcpy(bytes.data() + sizeof(header), segments.data(), sizeof(segments));
    const auto read = [&](uint64_t offset, std::span<std::byte> to) -> posix::Result<> {
      if (offset > bytes.size() || to.size() > bytes.size() - offset) {
        return std::unexpected(Errno::kNotExecutable);
      }
      std::memcpy(to.data(), bytes.data() + offset, to.size());
      return {};
    };
    ElfProgram program;
    TRY(process::ReadElf(machine, file_bytes, read, program));
    return program;
  }

  posix::ElfHeaderOf<Word> header{};
  std::array<Segment, kHeaders> segments{};
  uint64_t file_bytes = 0x2100;
};

using File64 = File<uint64_t, posix::ElfSegment64>;
using File32 = File<uint32_t, posix::ElfSegment32>;

template <class AnyFile>
void ExpectSound() {
  const AnyFile file;
  const auto program = file.Read();
  ASSERT_TRUE(program.has_value());
  EXPECT_TRUE(program->placement == ElfProgram::Placement::kMovable);
  EXPECT_EQ(program->entry.value, 0x1234u);
  EXPECT_EQ(program->segment_count, 3u);
  EXPECT_EQ(program->Span().base.value, 0u);
  EXPECT_EQ(program->Span().last().value, 0x4fffu);
  EXPECT_FALSE(program->interpreter.has_value());
  ASSERT_TRUE(program->program_headers.has_value());
  EXPECT_EQ(program->program_headers->value, file.header.program_headers_offset);

  const process::ElfSegment& text = program->segments()[1];
  EXPECT_TRUE(text.access == Access::kReadExecute);
  EXPECT_EQ(text.range.base.value, 0x1000u);
  EXPECT_EQ(text.range.size_bytes, 0x1000u);
  EXPECT_EQ(text.offset_bytes, 0x1000u);
  EXPECT_FALSE(text.has_zeroes);

  const process::ElfSegment& data = program->segments()[2];
  EXPECT_TRUE(data.access == Access::kReadWrite);
  EXPECT_EQ(data.range.base.value, 0x2000u);
  EXPECT_EQ(data.range.size_bytes, 0x3000u);
  EXPECT_EQ(data.offset_bytes, 0x1000u);
  EXPECT_EQ(data.file_bytes, 0x1100u);
  EXPECT_TRUE(data.has_zeroes);
}

TEST(Elf, ReadsProgramsOf64Bits) { ExpectSound<File64>(); }
TEST(Elf, ReadsProgramsOf32Bits) { ExpectSound<File32>(); }

TEST(Elf, FixedProgramWithInterpreter) {
  File64 file;
  file.header.type = posix::kElfTypeFixed;
  file.header.program_header_count = 4;
  file.segments[3] = File64::Load(posix::kElfRead, 0x700, 0x700, 0x10, 0x10);
  file.segments[3].type = posix::kElfSegmentInterpreter;
  const auto program = file.Read();
  ASSERT_TRUE(program.has_value());
  EXPECT_TRUE(program->placement == ElfProgram::Placement::kFixed);
  ASSERT_TRUE(program->interpreter.has_value());
  EXPECT_EQ(program->interpreter->offset_bytes, 0x700u);
  EXPECT_EQ(program->interpreter->size_bytes, 0x10u);
}

TEST(Elf, OddButSound) {
  struct Case {
    const char* name;
    void (*change)(File64&);
  };
  const Case cases[] = {
      {"entry with the bit of Thumb", [](File64& file) { file.header.entry |= 1; }},
      {"no alignment", [](File64& file) { file.segments[1].alignment = 0; }},
      {"alignment of 1", [](File64& file) { file.segments[1].alignment = 1; }},
      {"segment without memory", [](File64& file) { file.segments[0].memory_bytes = 0; }},
      {"segment of zeroes alone", [](File64& file) { file.segments[2].file_bytes = 0; }},
      {"a type that nobody knows", [](File64& file) { file.segments[0].type = 0x6474'e551; }},
      {"headers that no segment shows", [](File64& file) { file.segments[0].file_bytes = 8; }},
      {"last byte of the file", [](File64& file) { file.file_bytes = 0x2100; }},
      {"up to the last address",
       [](File64& file) {
         file.segments[2].va = 0x7fff'ffff'ffff'ef00;
         file.segments[2].memory_bytes = 0x1100;
       }},
  };
  for (const Case& one : cases) {
    File64 file;
    one.change(file);
    EXPECT_TRUE(file.Read().has_value());
  }
}

TEST(Elf, WhatIsRefused) {
  struct Case {
    const char* name;
    void (*change)(File64&);
  };
  const Case cases[] = {
      {"no magic", [](File64& file) { file.header.identity.magic[3] = 'f'; }},
      {"the other class",
       [](File64& file) { file.header.identity.elf_class = posix::kElfClass32; }},
      {"big endian", [](File64& file) { file.header.identity.byte_order = 2; }},
      {"version of the identity", [](File64& file) { file.header.identity.version = 0; }},
      {"version", [](File64& file) { file.header.version = 2; }},
      {"object file", [](File64& file) { file.header.type = 1; }},
      {"core file", [](File64& file) { file.header.type = 4; }},
      {"another machine", [](File64& file) { file.header.machine = posix::kElfMachineArm; }},
      {"headers of another size", [](File64& file) { file.header.program_header_bytes = 32; }},
      {"no headers", [](File64& file) { file.header.program_header_count = 0; }},
      {"too many headers", [](File64& file) { file.header.program_header_count = 0xffff; }},
      {"headers beyond the file",
       [](File64& file) { file.header.program_headers_offset = 0x20f0; }},
      {"headers at the end of all numbers",
       [](File64& file) { file.header.program_headers_offset = kTop64 - 7; }},
      {"empty file", [](File64& file) { file.file_bytes = 0; }},
      {"identity alone", [](File64& file) { file.file_bytes = 16; }},
      {"header cut", [](File64& file) { file.file_bytes = 63; }},
      {"no code", [](File64& file) { file.segments[1].flags = posix::kElfRead; }},
      {"entry in data", [](File64& file) { file.header.entry = 0x2f80; }},
      {"entry nowhere", [](File64& file) { file.header.entry = kTop64; }},
      {"writable code", [](File64& file) { file.segments[1].flags |= posix::kElfWrite; }},
      {"more in the file than in memory",
       [](File64& file) { file.segments[1].memory_bytes = 0x8ff; }},
      {"beyond the file", [](File64& file) { file.file_bytes = 0x20ff; }},
      {"offset wraps", [](File64& file) { file.segments[2].offset = kTop64 - 0xff; }},
      {"address wraps", [](File64& file) { file.segments[2].memory_bytes = kTop64 - 0x2000; }},
      {"last byte of all",
       [](File64& file) {
         file.segments[2].va = kTop64 - 0x10ff;
         file.segments[2].memory_bytes = 0x1100;
       }},
      {"in no user's half", [](File64& file) { file.segments[2].va = 0x8000'0000'0000'0f00; }},
      {"offset and address differ in the page", [](File64& file) { file.segments[1].va = 0x1010; }},
      {"alignment of 3 pages", [](File64& file) { file.segments[1].alignment = 0x3000; }},
      {"segments in one page", [](File64& file) { file.segments[2].va = 0x1f00; }},
      {"segments in the wrong order",
       [](File64& file) { std::swap(file.segments[0], file.segments[2]); }},
      {"interpreter without a name",
       [](File64& file) {
         file.segments[0].type = posix::kElfSegmentInterpreter;
         file.segments[0].file_bytes = 1;
       }},
      {"interpreter with an endless name",
       [](File64& file) {
         file.segments[0].type = posix::kElfSegmentInterpreter;
         file.segments[0].file_bytes = 4097;
       }},
      {"two interpreters",
       [](File64& file) {
         file.segments[0].type = posix::kElfSegmentInterpreter;
         file.segments[2].type = posix::kElfSegmentInterpreter;
       }},
      {"interpreter beyond the file",
       [](File64& file) {
         file.segments[0].type = posix::kElfSegmentInterpreter;
         file.segments[0].offset = 0x2000;
       }},
  };
  for (const Case& one : cases) {
    File64 file;
    one.change(file);
    const auto program = file.Read();
    EXPECT_FALSE(program.has_value());
    if (!program) EXPECT_TRUE(program.error() == Errno::kNotExecutable);
  }
}

TEST(Elf, TooManySegments) {
  // The header says there are as many as fit; each read gives the next one.
  File64 file;
  file.header.program_header_count = ElfProgram::kMaximumSegments + 1;
  file.file_bytes = 0x100000;
  const posix::ElfMachine machine = {posix::kElfClass64, posix::kElfMachineX86_64};
  const auto read = [&](uint64_t offset, std::span<std::byte> to) -> posix::Result<> {
    if (offset < sizeof(file.header)) {
      std::memcpy(to.data(), &file.header, to.size());
    } else {
      const uint64_t index = (offset - sizeof(file.header)) / sizeof(posix::ElfSegment64);
      const auto segment = File64::Load(posix::kElfRead | posix::kElfExecute, index * 0x1000,
                                        index * 0x1000, 0x800, 0x800);
      std::memcpy(to.data(), &segment, to.size());
    }
    return {};
  };
  ElfProgram program;
  EXPECT_FALSE(process::ReadElf(machine, file.file_bytes, read, program).has_value());
  --file.header.program_header_count;
  EXPECT_TRUE(process::ReadElf(machine, file.file_bytes, read, program).has_value());
}

TEST(Elf, ErrorsOfTheFileComeThrough) {
  const posix::ElfMachine machine = {posix::kElfClass64, posix::kElfMachineX86_64};
  const auto read = [](uint64_t, std::span<std::byte>) -> posix::Result<> {
    return std::unexpected(Errno::kInputOutput);
  };
  ElfProgram program;
  const auto result = process::ReadElf(machine, 4096, read, program);
  ASSERT_FALSE(result.has_value());
  EXPECT_TRUE(result.error() == Errno::kInputOutput);
}

}  // namespace
