#include "kernel/applications/process_trial.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "arch/ops/shared_state.h"
#include "kernel/applications/applications.h"
#include "kernel/applications/runtime.h"
#include "kernel/base/bits.h"
#include "kernel/base/print.h"
#include "kernel/mm/facts/address.h"
#include "kernel/posix/signal.h"

extern "C" {
extern const char shared_original_limit[];
}

namespace applications {
namespace {

constexpr End kGood{};

class TextSink final : public base::Sink {
 public:
  void Write(std::string_view text) override {
    used_ += text.copy(room_.data() + used_, room_.size() - used_);
  }
  [[nodiscard]] std::string_view text() const { return {room_.data(), used_}; }

 private:
  std::array<char, 80> room_;
  size_t used_ = 0;
};

// A file of /proc, as far as there is room.
class ProcText {
 public:
  explicit ProcText(std::string_view path) {
    const int file = OpenToRead(path);
    if (file < 0) return;
    while (used_ < room_.size()) {
      const std::string_view piece = Read(file, std::span(room_).subspan(used_));
      if (piece.empty()) break;
      used_ += piece.size();
    }
    Close(file);
  }
  [[nodiscard]] std::string_view text() const { return {room_.data(), used_}; }

 private:
  std::array<char, 4096> room_;
  size_t used_ = 0;
};

// Of a line of /proc/meminfo; 0 where there is none.
uint64_t KibOf(std::string_view text, std::string_view name) {
  const size_t at = text.find(name);
  if (at == std::string_view::npos) return 0;
  text.remove_prefix(at + name.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  uint64_t kib = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') break;
    kib = kib * 10 + static_cast<uint64_t>(digit - '0');
  }
  return kib;
}

// Those in use, of all sizes: the second field of each line of /proc/slabinfo.
uint64_t CountBlocks() {
  const int file = OpenToRead("/proc/slabinfo");
  std::array<char, 128> room;
  uint64_t blocks = 0;
  uint64_t number = 0;
  unsigned field = 0;
  bool in_field = false;
  for (auto piece = Read(file, room); !piece.empty(); piece = Read(file, room)) {
    for (const char one : piece) {
      const bool is_digit = one >= '0' && one <= '9';
      if (field == 1 && is_digit) number = number * 10 + static_cast<uint64_t>(one - '0');
      if (one != ' ' && one != '\n') {
        in_field = true;
        continue;
      }
      if (in_field && field == 1) blocks += std::exchange(number, 0);
      if (in_field) ++field;
      if (one == '\n') field = 0;
      in_field = false;
    }
  }
  Close(file);
  return blocks;
}

// When the kernel has given back what it keeps at hand.
struct MemoryUse {
  uint64_t free_kib = 0;
  uint64_t slab_kib = 0;
  uint64_t tables_kib = 0;
  uint64_t blocks = 0;

  friend bool operator==(const MemoryUse&, const MemoryUse&) = default;
};

MemoryUse MeasureMemory() {
  const int file = OpenToWrite("/proc/sys/vm/drop_caches");
  Write(file, "3");
  Close(file);
  const ProcText facts("/proc/meminfo");
  return {.free_kib = KibOf(facts.text(), "MemFree:"),
          .slab_kib = KibOf(facts.text(), "Slab:"),
          .tables_kib = KibOf(facts.text(), "PageTables:"),
          .blocks = CountBlocks()};
}

// To the frame.
bool IsSame(const MemoryUse& before, const MemoryUse& after) { return before == after; }

// The same, but that blocks may be spread over more slabs, or fewer: so are those that were there
// before, where others came and went between them.
bool IsSameSpread(const MemoryUse& before, const MemoryUse& after) {
  return before.free_kib + before.slab_kib == after.free_kib + after.slab_kib &&
         before.tables_kib == after.tables_kib && before.blocks == after.blocks;
}

// Whether /proc says that this process is as the layout has it, and has `lines`.
bool LayoutHas(ProcessId id, std::span<const TextSink> lines) {
  TextSink path;
  base::Print(path, "/proc/{}/layout", id);
  const ProcText layout(path.text());
  bool is_good = layout.text().contains("LAYOUT OK");
  for (const TextSink& line : lines) {
    if (layout.text().contains(line.text())) continue;
    is_good = false;
    Write(kOutput, "# no ");
    Write(kOutput, line.text());
    Write(kOutput, "\n");
  }
  if (!is_good) Write(kOutput, layout.text());
  return is_good;
}

bool LayoutHas(ProcessId id, std::string_view text) {
  std::array<TextSink, 1> line;
  line[0].Write(text);
  return LayoutHas(id, line);
}

// Processes that are there, until they are let go.
class Crowd {
 public:
  Crowd() {
    if (const auto ends = MakePipe()) ends_ = *ends;
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  struct Member {
    ProcessId id = 0;  // not positive where it could not be made
    bool is_there = false;
  };

  // Returns when it is there, or gone.
  [[nodiscard]] Member Add(std::string_view path) {
    const auto arrival = MakePipe();
    if (!arrival) return {};
    const ProcessId child = Fork();
    if (child == 0) {
      Move(ends_.read, kInput);
      Move(arrival->write, kOutput);
      Close(ends_.write);
      Close(arrival->read);
      Execute(path);
      Exit(1);
    }
    Close(arrival->write);
    std::array<char, 1> byte{};
    const bool is_there = child > 0 && Read(arrival->read, byte) == ".";
    Close(arrival->read);
    return {.id = child, .is_there = is_there};
  }

  void LetGo() {
    for (const int end : {ends_.read, ends_.write}) Close(end);
  }

 private:
  Pipe ends_;
};

constexpr std::string_view kSmallest = "PROCESS OK root 128 bytes";

// --- Processes of several sizes.

struct Size {
  std::string_view name;
  std::string_view path;
  std::string_view root;
  uint64_t heap_bytes;  // that it takes
};

constexpr Size kSizes[] = {
    {"bare", "/kernel/bare", kSmallest, 0},
    {"idle", "/kernel/idle", kSmallest, 2 * mm::kPageSize},
    {"roomy", "/kernel/roomy", "PROCESS OK root 256 bytes", 2 * mm::kPageSize},
    {"vast", "/kernel/vast", "PROCESS OK root 4096 bytes", 2 * mm::kPageSize},
};

constexpr uint64_t WholePages(uint64_t bytes) { return base::AlignUp(bytes, mm::kPageSize); }

void PrintPart(TextSink& line, uint64_t first, uint64_t bytes, std::string_view name) {
  base::Print(line, "  {} {:>10} bytes {:<14} user ", mm::VirtAddr{first}, bytes, name);
}

// The table of docs/adr/0027-applications-in-the-image.md.
bool IsPacked(ProcessId id, const Size& size) {
  const auto all = All();
  const auto application = std::ranges::find(all, size.name, &process::Application::name);
  if (application == all.end()) return false;
  constexpr uint64_t kPackedAlignment = 8;
  const auto shared_bytes = static_cast<uint64_t>(shared_original_limit - shared_original_start);
  const uint64_t shared = base::AlignUp(shared_bytes, kPackedAlignment);
  const uint64_t base = Break();  // no process has anything below its heap
  const uint64_t most_heap = WholePages(application->heap_bytes);
  const uint64_t guard = base + most_heap;
  const uint64_t stack = guard + mm::kPageSize;
  const uint64_t copy = stack + WholePages(application->stack_bytes + shared) - shared;
  std::array<TextSink, 5> lines;
  PrintPart(lines[0], base, size.heap_bytes, "heap");
  PrintPart(lines[1], base + size.heap_bytes, most_heap - size.heap_bytes, "unmapped heap");
  PrintPart(lines[2], guard, mm::kPageSize, "stack guard");
  PrintPart(lines[3], copy, shared, "shared");
  base::Print(lines[4], "{}, to {}\n", size.root, mm::VirtAddr{copy + shared - 1});
  return LayoutHas(id, lines);
}

}  // namespace

bool ItIsAsPlanned() { return LayoutHas(Call(posix::Call::kGetpid), kSmallest); }

bool ProcessesOfSeveralSizes() {
  bool are_good = true;
  for (const Size& size : kSizes) {
    Crowd crowd;
    const Crowd::Member member = crowd.Add(size.path);
    are_good = are_good && member.is_there && IsPacked(member.id, size);
    crowd.LetGo();
    are_good = are_good && Wait(member.id) == kGood;
  }
  return are_good;
}

// From the root file system: waits for its input's end, as the others.
bool AProgramBeside() {
  Crowd crowd;
  const Crowd::Member application = crowd.Add("/kernel/idle");
  const Crowd::Member program = crowd.Add("/bin/beside");
  bool are_good = application.is_there && program.is_there &&
                  LayoutHas(application.id, kSmallest) &&
                  LayoutHas(program.id, "PROCESS OK with nothing of the image");
  crowd.LetGo();
  are_good = Wait(application.id) == kGood && are_good;
  return Wait(program.id) == kGood && are_good;
}

// --- Many of them.

namespace {

bool BeAHundred() {
  constexpr size_t kProcesses = 100;
  std::array<ProcessId, kProcesses> ids{};
  Crowd crowd;
  bool are_good = true;
  for (ProcessId& id : ids) {
    const Crowd::Member member = crowd.Add("/kernel/idle");
    id = member.id;
    are_good = are_good && member.is_there;
  }
  for (const ProcessId id : ids) are_good = are_good && LayoutHas(id, kSmallest);
  crowd.LetGo();
  for (const ProcessId id : ids) are_good = Wait(id) == kGood && are_good;
  return are_good;
}

// As many as there is memory for. None that is there notices what becomes of the next.
int TakeAllMemory() {
  constexpr size_t kMost = 1000;
  std::array<Crowd::Member, kMost> members{};
  Crowd crowd;
  size_t count = 0;
  bool has_ended = false;
  while (count < kMost && !has_ended) {
    const Crowd::Member member = crowd.Add("/kernel/idle");
    has_ended = !member.is_there;
    if (member.id > 0) members[count++] = member;
  }
  crowd.LetGo();
  bool are_good = has_ended;
  for (const Crowd::Member& member : std::span(members).first(count)) {
    const End end = Wait(member.id);
    are_good = are_good && (end == kGood || !member.is_there);
  }
  return are_good ? 0 : 1;
}

// Whoever finds no memory ends: the one that makes the others, or the last of them, wherever it is
// on its way; in the copy of what contexts share, too, which leaves the original closed.
bool BeTooMany() {
  constexpr End kWithoutMemory{.signal = posix::NumberOf(posix::Signal::kKill)};
  const End end = InChild(TakeAllMemory);
  WaitForChildren();
  return (end == kGood || end == kWithoutMemory) && ItIsAsPlanned();
}

// The first time reaches what the kernel has once and for all.
bool LeavesNothing(bool (*live)(), bool (*is_same)(const MemoryUse&, const MemoryUse&)) {
  if (!live()) return false;
  const MemoryUse before = MeasureMemory();
  const bool are_good = live();
  const MemoryUse after = MeasureMemory();
  Output output;
  base::Print(output,
              "# free KiB {} and {}, of slabs {} and {}, of tables {} and {}; blocks {} and {}\n",
              before.free_kib, after.free_kib, before.slab_kib, after.slab_kib, before.tables_kib,
              after.tables_kib, before.blocks, after.blocks);
  return are_good && before.free_kib > 0 && before.blocks > 0 && is_same(before, after);
}

}  // namespace

bool AHundredAtOnce() { return LeavesNothing(BeAHundred, IsSame); }
bool AsManyAsThereIsMemoryFor() { return LeavesNothing(BeTooMany, IsSameSpread); }

}  // namespace applications
