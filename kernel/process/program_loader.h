// From an executable file to areas of an address space and a program's first stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/fs/inode.h"
#include "kernel/fs/object.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/vma.h"
#include "kernel/posix/errno.h"
#include "kernel/process/argument_block.h"
#include "kernel/process/elf.h"
#include "kernel/process/process.h"
#include "kernel/space/address_space.h"

namespace process {

// A program, and the interpreter that starts it if it wants one; nothing is mapped yet.
struct LoadedFiles {
  fs::Ref<fs::Inode> file;
  ElfProgram program;
  fs::Ref<fs::Inode> interpreter_file;
  std::optional<ElfProgram> interpreter;
};

// Fills `files`, which are empty. Errors: kAccess (no regular file that may be executed),
// kNotExecutable, kNoEntry (no such interpreter), and those of the files.
[[nodiscard]] posix::Result<> ReadProgram(fs::Ref<fs::Inode> file, fs::WorkingState& place,
                                          LoadedFiles& files);

// Whether it may be executed at all. Error: kAccess.
[[nodiscard]] posix::Result<> CheckExecutable(const fs::Inode& file);

// Where things are in a new space.
struct ProgramImage {
  kernel::SpaceReference space;
  uint64_t program_offset = 0;      // what was added to the program's addresses
  uint64_t interpreter_offset = 0;  // to the interpreter's, if there is one
  mm::VirtAddr start;               // the first instruction
  mm::VirtRange code;
  mm::VirtRange data;
  mm::VirtRange stack;
};

// Maps all of it into a new space, with a stack for `arguments`. Errors: kOutOfMemory,
// kNotExecutable (it wants addresses that the layout does not have for it).
[[nodiscard]] posix::Result<ProgramImage> MapProgram(const LoadedFiles& files,
                                                     const ArgumentBlock& arguments,
                                                     uint64_t stack_limit_bytes);

// What the program finds on its stack.
struct FirstStack {
  mm::VirtAddr stack_pointer;
  mm::VirtRange arguments;
  mm::VirtRange environment;
};

// Writes texts, vectors and auxiliary vector. The image's space is that of the process that runs.
// Error: kFault (memory ends).
[[nodiscard]] posix::Result<FirstStack> WriteStack(const LoadedFiles& files,
                                                   const ProgramImage& image,
                                                   const ArgumentBlock& arguments,
                                                   std::string_view name,
                                                   const Credentials& credentials);

}  // namespace process
