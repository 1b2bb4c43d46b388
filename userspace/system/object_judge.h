// Whether a file is a driver object that the dynamic loader may be given. The loader believes what
// it reads: tables, names, relocations; so all that it will read is judged before. System V ABI,
// gABI chapters 4 and 5, and the processors' supplements.
//
// What passes is a shared object for this processor that runs nothing when it is loaded, needs no
// library and nothing but a few functions of the C library that take no lock, writes only into
// itself, and shows a DriverEntry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

namespace dispatch {

enum class ObjectFault : uint8_t {
  kTruncated,     // it ends before what it says that it has
  kNoElf,         // no ELF file, or none of a form that is known
  kWrongMachine,  // for another processor
  kNoSharedObject,
  kBadSegments,   // not in order, overlapping, too large, or of a kind that a driver has not
  kWritableCode,  // a segment, the stack or text relocations
  kThreadLocal,   // has thread-local data
  kBadDynamic,    // no dynamic section that could be followed
  kRunsAtLoad,    // has functions to be called before its entry's, or when the program ends
  kNeedsLibrary,
  kBadSymbols,     // names, symbols or the table to find them by
  kUnknownImport,  // asks for a function that drivers do not get
  kBadRelocation,  // of a kind that is not known, or outside of what the object may write
  kNoEntry,        // shows no entry of the right size
};

// One sentence for people.
const char* Describe(ObjectFault fault);

// `elf_machine` is the number of the processor that it has to be for: EM_X86_64 or EM_ARM.
std::expected<void, ObjectFault> JudgeObject(std::span<const std::byte> file, uint16_t elf_machine);

// Larger files are not even read.
inline constexpr size_t kMaxObjectBytes = 4 << 20;

}  // namespace dispatch
