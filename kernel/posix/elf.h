// Executable files: the structures of ELF (System V gABI, chapter 4) as they lie in the file, for
// both word sizes, and the auxiliary vector that a program finds on its stack.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace posix {

// e_ident, gABI "ELF Identification".
inline constexpr std::array<uint8_t, 4> kElfMagic = {0x7f, 'E', 'L', 'F'};
inline constexpr uint8_t kElfClass32 = 1;
inline constexpr uint8_t kElfClass64 = 2;
inline constexpr uint8_t kElfLittleEndian = 1;
inline constexpr uint8_t kElfVersion = 1;

// e_type.
inline constexpr uint16_t kElfTypeFixed = 2;    // ET_EXEC
inline constexpr uint16_t kElfTypeMovable = 3;  // ET_DYN

// e_machine.
inline constexpr uint16_t kElfMachineArm = 40;
inline constexpr uint16_t kElfMachineX86_64 = 62;

// p_type and p_flags.
inline constexpr uint32_t kElfSegmentLoad = 1;         // PT_LOAD
inline constexpr uint32_t kElfSegmentInterpreter = 3;  // PT_INTERP
inline constexpr uint32_t kElfExecute = 1;
inline constexpr uint32_t kElfWrite = 2;
inline constexpr uint32_t kElfRead = 4;

// What a processor runs.
struct ElfMachine {
  uint8_t elf_class;
  uint16_t machine;
};

struct ElfIdentity {
  std::array<uint8_t, 4> magic;
  uint8_t elf_class;
  uint8_t byte_order;
  uint8_t version;
  std::array<uint8_t, 9> rest;
};

template <class Word>
struct ElfHeaderOf {
  ElfIdentity identity;
  uint16_t type;
  uint16_t machine;
  uint32_t version;
  Word entry;
  Word program_headers_offset;
  Word section_headers_offset;
  uint32_t flags;
  uint16_t header_bytes;
  uint16_t program_header_bytes;
  uint16_t program_header_count;
  uint16_t section_header_bytes;
  uint16_t section_header_count;
  uint16_t section_names_index;
};
static_assert(sizeof(ElfHeaderOf<uint64_t>) == 64 && sizeof(ElfHeaderOf<uint32_t>) == 52);

struct ElfSegment64 {
  uint32_t type;
  uint32_t flags;
  uint64_t offset;
  uint64_t va;
  uint64_t pa;
  uint64_t file_bytes;
  uint64_t memory_bytes;
  uint64_t alignment;
};
static_assert(sizeof(ElfSegment64) == 56);

struct ElfSegment32 {
  uint32_t type;
  uint32_t offset;
  uint32_t va;
  uint32_t pa;
  uint32_t file_bytes;
  uint32_t memory_bytes;
  uint32_t flags;
  uint32_t alignment;
};
static_assert(sizeof(ElfSegment32) == 32);

// a_type of the auxiliary vector, Linux's uapi/linux/auxvec.h.
enum class Auxiliary : uint8_t {
  kEnd = 0,
  kProgramHeaders = 3,        // AT_PHDR
  kProgramHeaderBytes = 4,    // AT_PHENT
  kProgramHeaderCount = 5,    // AT_PHNUM
  kPageBytes = 6,             // AT_PAGESZ
  kInterpreterBase = 7,       // AT_BASE
  kFlags = 8,                 // AT_FLAGS
  kEntry = 9,                 // AT_ENTRY
  kUser = 11,                 // AT_UID
  kEffectiveUser = 12,        // AT_EUID
  kGroup = 13,                // AT_GID
  kEffectiveGroup = 14,       // AT_EGID
  kPlatform = 15,             // AT_PLATFORM
  kCapabilities = 16,         // AT_HWCAP
  kClockTicksPerSecond = 17,  // AT_CLKTCK
  kSecure = 23,               // AT_SECURE
  kRandom = 25,               // AT_RANDOM
  kExecutableName = 31,       // AT_EXECFN
};

}  // namespace posix
