#include "kernel/process/program_loader.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "arch/ops/cpu.h"
#include "arch/ops/elf_machine.h"
#include "arch/ops/timer.h"
#include "kernel/base/bits.h"
#include "kernel/fs/buffer.h"
#include "kernel/mm/space/memory_object.h"
#include "kernel/mm/space/paged_object.h"
#include "kernel/mm/space/space_request.h"
#include "kernel/process/heap_block.h"
#include "kernel/process/system.h"
#include "kernel/space/user_pointer.h"

namespace process {
namespace {

using posix::Auxiliary;
using posix::Errno;

constexpr auto kNotExecutable = std::unexpected(Errno::kNotExecutable);

constexpr uint32_t kAnyExecute = 0111;  // of the file's permissions

// Room on a new stack beside what is written there; more comes with faults.
constexpr uint64_t kStackRoomBytes = uint64_t{128} << 10;
// Both architectures' calling conventions are content with it.
constexpr uint64_t kStackAlignment = 16;
constexpr size_t kRandomBytes = 16;

// A name that the file's header leads to is short.
constexpr size_t kInterpreterNameBytes = 256;

posix::Result<> ReadExactly(fs::Inode& file, uint64_t offset, std::span<std::byte> to) {
  fs::KernelDestination destination(to);
  if (TRY(file.ReadAt(offset, destination)) != to.size()) return kNotExecutable;
  return {};
}

posix::Result<> ReadElfOf(fs::Inode& file, ElfProgram& program) {
  return ReadElf(
      arch::kElfMachine, file.size_bytes(),
      [&](uint64_t offset, std::span<std::byte> to) { return ReadExactly(file, offset, to); },
      program);
}

posix::Result<fs::Ref<fs::Inode>> FindInterpreter(fs::Inode& file, const ElfProgram::FilePart& part,
                                                  fs::WorkingState& place) {
  std::array<char, kInterpreterNameBytes> name;
  if (part.size_bytes > name.size()) return kNotExecutable;
  const std::span<char> text = std::span(name).first(part.size_bytes);
  TRY(ReadExactly(file, part.offset_bytes, std::as_writable_bytes(text)));
  if (text.back() != '\0') return kNotExecutable;
  return TheSystem().environment().names.Find(place.directory(), std::string_view(name.data()));
}

// How failures of the space look to whoever executes a program.
Errno MeaningOf(base::Error error) {
  return error == base::Error::kOutOfMemory ? Errno::kOutOfMemory : Errno::kNotExecutable;
}

// Addresses for all segments of a movable program together.
base::Result<mm::VirtAddr> FindRoom(kernel::AddressSpace& space, const ElfProgram& program,
                                    mm::VmaKind kind) {
  const uint64_t span_bytes = program.Span().size_bytes;
  const uint64_t spare_bytes = program.alignment - mm::kPageSize;
  if (span_bytes > UINT64_MAX - spare_bytes) return std::unexpected(base::Error::kOutOfMemory);
  const mm::VirtAddr base = TRY(space.Map(
      {.size_bytes = span_bytes + spare_bytes, .access = mm::Access::kNone, .kind = kind}));
  TRY(space.Unmap({base, span_bytes + spare_bytes}));
  return mm::AlignUp(base, program.alignment);
}

// Returns what was added to the program's addresses.
base::Result<uint64_t> MapSegments(kernel::AddressSpace& space, const ElfProgram& program,
                                   fs::Inode& file, mm::VmaKind kind) {
  uint64_t offset = 0;
  if (program.placement == ElfProgram::Placement::kMovable) {
    // Modulo 2^64: a program may say that it begins above where it comes to lie.
    offset = TRY(FindRoom(space, program, kind)).value - program.Span().base.value;
  }
  for (const ElfSegment& segment : program.segments()) {
    mm::MapRequest request = {.size_bytes = segment.range.size_bytes,
                              .access = segment.access,
                              .kind = kind,
                              .place = mm::Place::kExactlyFree,
                              .va = {segment.range.base.value + offset}};
    if (segment.file_bytes > 0) {
      request.object = mm::ObjectReference(*file.pages());
      request.offset_bytes = segment.offset_bytes;
      if (segment.has_zeroes) request.limit_bytes = segment.file_bytes;
    }
    TRY(space.Map(request));
  }
  return offset;
}

mm::VirtRange Moved(const mm::VirtRange& range, uint64_t offset) {
  return {{range.base.value + offset}, range.size_bytes};
}

// The part of the stack that texts and vectors take.
struct StackPlan {
  size_t text_bytes;    // arguments, environment, name, platform, random bytes
  size_t vector_words;  // count, pointers, auxiliary vector
};

constexpr size_t kAuxiliaryEntries = 18;

StackPlan PlanStack(const ArgumentBlock& arguments, std::string_view name) {
  return {.text_bytes = arguments.bytes().size() + name.size() + 1 + arch::kPlatformName.size() +
                        1 + kRandomBytes,
          .vector_words = 1 + arguments.argument_count() + 1 + arguments.environment_count() + 1 +
                          2 * kAuxiliaryEntries};
}

// Fills the vectors, word by word.
class VectorWriter {
 public:
  explicit VectorWriter(std::span<uintptr_t> words) : words_(words) {}

  void Add(uint64_t word) {
    CHECK(used_ < words_.size());
    words_[used_++] = static_cast<uintptr_t>(word);
  }
  void Add(Auxiliary type, uint64_t value) {
    Add(static_cast<uint64_t>(type));
    Add(value);
  }
  [[nodiscard]] bool IsFull() const { return used_ == words_.size(); }

 private:
  std::span<uintptr_t> words_;
  size_t used_ = 0;
};

// Where each kind of text begins.
struct TextPlaces {
  mm::VirtAddr texts;
  mm::VirtAddr name;
  mm::VirtAddr platform;
  mm::VirtAddr random;
};

void AddPointers(VectorWriter& vector, const ArgumentBlock& arguments, mm::VirtAddr texts) {
  vector.Add(arguments.argument_count());
  const std::span<const char> bytes = arguments.bytes();
  size_t offset = 0;
  for (const size_t count : {arguments.argument_count(), arguments.environment_count()}) {
    for (size_t index = 0; index < count; ++index) {
      vector.Add(texts.value + offset);
      offset += std::string_view(bytes.data() + offset).size() + 1;
    }
    vector.Add(0);
  }
}

void AddAuxiliary(VectorWriter& vector, const LoadedFiles& files, const ProgramImage& image,
                  const TextPlaces& places, const Credentials& credentials) {
  const ElfProgram& program = files.program;
  const uint64_t headers =
      program.program_headers ? program.program_headers->value + image.program_offset : 0;
  vector.Add(Auxiliary::kCapabilities, arch::HardwareCapabilities());
  vector.Add(Auxiliary::kPageBytes, mm::kPageSize);
  vector.Add(Auxiliary::kClockTicksPerSecond, arch::kTicksPerSecond);
  vector.Add(Auxiliary::kProgramHeaders, headers);
  vector.Add(Auxiliary::kProgramHeaderBytes, program.program_header_bytes);
  vector.Add(Auxiliary::kProgramHeaderCount, program.program_header_count);
  vector.Add(Auxiliary::kInterpreterBase, image.interpreter_offset);
  vector.Add(Auxiliary::kFlags, 0);
  vector.Add(Auxiliary::kEntry, program.entry.value + image.program_offset);
  vector.Add(Auxiliary::kUser, credentials.user);
  vector.Add(Auxiliary::kEffectiveUser, credentials.effective_user);
  vector.Add(Auxiliary::kGroup, credentials.group);
  vector.Add(Auxiliary::kEffectiveGroup, credentials.effective_group);
  vector.Add(Auxiliary::kSecure, 0);
  vector.Add(Auxiliary::kRandom, places.random.value);
  vector.Add(Auxiliary::kExecutableName, places.name.value);
  vector.Add(Auxiliary::kPlatform, places.platform.value);
  vector.Add(Auxiliary::kEnd, 0);
}

posix::Result<> WriteText(mm::VirtAddr to, std::string_view text) {
  TRY(kernel::WriteUser(to, std::as_bytes(std::span(text))));
  return kernel::UserPointer<char>(static_cast<uintptr_t>(to.value + text.size())).Write('\0');
}

}  // namespace

posix::Result<> CheckExecutable(const fs::Inode& file) {
  const bool is_executable = file.type() == posix::FileType::kRegular &&
                             file.mapped_as() == fs::MappedAs::kPages &&
                             (file.permissions() & kAnyExecute) != 0;
  if (!is_executable) return std::unexpected(Errno::kAccess);
  return {};
}

posix::Result<> ReadProgram(fs::Ref<fs::Inode> file, fs::WorkingState& place, LoadedFiles& files) {
  TRY(CheckExecutable(*file));
  TRY(ReadElfOf(*file, files.program));
  if (files.program.interpreter) {
    files.interpreter_file = TRY(FindInterpreter(*file, *files.program.interpreter, place));
    TRY(CheckExecutable(*files.interpreter_file));
    TRY(ReadElfOf(*files.interpreter_file, files.interpreter.emplace()));
    if (files.interpreter->interpreter) return kNotExecutable;
  }
  files.file = std::move(file);
  return {};
}

posix::Result<ProgramImage> MapProgram(const LoadedFiles& files, const ArgumentBlock& arguments,
                                       uint64_t stack_limit_bytes) {
  ProgramImage image;
  auto space = TheSystem().environment().spaces.CreateSpace();
  if (!space) return std::unexpected(Errno::kOutOfMemory);
  image.space = *std::move(space);
  const auto map = [&](const ElfProgram& program, fs::Inode& file, mm::VmaKind kind) {
    return MapSegments(*image.space, program, file, kind).transform_error(MeaningOf);
  };
  image.program_offset = TRY(map(files.program, *files.file, mm::VmaKind::kProgram));
  image.start = {files.program.entry.value + image.program_offset};
  for (const ElfSegment& segment : files.program.segments()) {
    const mm::VirtRange range = Moved(segment.range, image.program_offset);
    if (mm::Has(segment.access, mm::Access::kExecute)) image.code = range;
    if (mm::Has(segment.access, mm::Access::kWrite)) image.data = range;
  }
  const mm::VirtAddr last = Moved(files.program.Span(), image.program_offset).last();
  image.space->StartHeap(TheSystem().environment().placement.HeapBase(last));
  if (files.interpreter) {
    image.interpreter_offset =
        TRY(map(*files.interpreter, *files.interpreter_file, mm::VmaKind::kFile));
    image.start = {files.interpreter->entry.value + image.interpreter_offset};
  }
  image.space->SetStackLimit(stack_limit_bytes);
  const uint64_t stack_bytes =
      kStackRoomBytes + arguments.bytes().size() +
      sizeof(uintptr_t) * (arguments.argument_count() + arguments.environment_count());
  const auto stack = image.space->Map({.size_bytes = mm::PagesFor(stack_bytes).bytes(),
                                       .access = mm::Access::kReadWrite,
                                       .kind = mm::VmaKind::kStack});
  if (!stack) return std::unexpected(MeaningOf(stack.error()));
  image.stack = {*stack, mm::PagesFor(stack_bytes).bytes()};
  return image;
}

posix::Result<FirstStack> WriteStack(const LoadedFiles& files, const ProgramImage& image,
                                     const ArgumentBlock& arguments, std::string_view name,
                                     const Credentials& credentials) {
  const Environment& environment = TheSystem().environment();
  const StackPlan plan = PlanStack(arguments, name);
  TextPlaces places;
  places.texts = mm::AlignDown(image.stack.last() - plan.text_bytes, kStackAlignment);
  places.name = places.texts + arguments.bytes().size();
  places.platform = places.name + (name.size() + 1);
  places.random = places.platform + (arch::kPlatformName.size() + 1);
  const size_t vector_bytes = plan.vector_words * sizeof(uintptr_t);
  const mm::VirtAddr stack_pointer = mm::AlignDown(places.texts - vector_bytes, kStackAlignment);

  std::array<std::byte, kRandomBytes> random;
  environment.world.FillRandom(random);
  TRY(kernel::WriteUser(places.texts, std::as_bytes(arguments.bytes())));
  TRY(WriteText(places.name, name));
  TRY(WriteText(places.platform, arch::kPlatformName));
  TRY(kernel::WriteUser(places.random, random));

  const auto words = TRY(HeapBlock<uintptr_t>::Make(environment.heap, plan.vector_words));
  VectorWriter vector(words.items());
  AddPointers(vector, arguments, places.texts);
  AddAuxiliary(vector, files, image, places, credentials);
  CHECK(vector.IsFull());
  TRY(kernel::WriteUser(stack_pointer, std::as_bytes(words.items())));
  const size_t environment_bytes = arguments.bytes().size() - arguments.argument_bytes();
  return FirstStack{.stack_pointer = stack_pointer,
                    .arguments = {places.texts, arguments.argument_bytes()},
                    .environment = {places.texts + arguments.argument_bytes(), environment_bytes}};
}

}  // namespace process
