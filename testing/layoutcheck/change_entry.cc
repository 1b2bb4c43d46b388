// Changes page table entries of a guest behind its back, for tests of layoutcheck:
//   change_entry GDB change VA CLEAR SET [ROOT BYTES]
//                                           changes bits of the leaf entry that maps VA; prints
//                                           where it is and what it was. With a process's root: in
//                                           that table, and the guest runs on
//   change_entry GDB open VA 0 0 [ROOT BYTES]
//                                           lets user mode through to VA: sets U/S in all entries
//                                           on the way (x86_64); prints the same for each
//   change_entry GDB hide VA PROCESS 0 ROOT BYTES
//                                           clears the entry on the way to VA in the thread's table
//                                           at ROOT that is a copy of one in its process's table at
//                                           PROCESS; prints the same, and the guest runs on
//   change_entry GDB put WHERE VALUE BYTES [resume]
//                                           puts that back
// The guest stays stopped where nothing else is said.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <expected>
#include <format>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/gdb_guest.h"
#include "tools/layoutcheck/guest_memory.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/mapping.h"
#include "tools/layoutcheck/table_walk.h"

namespace {

using layoutcheck::GdbGuest;
using layoutcheck::PhysicalAddress;
using layoutcheck::VirtualAddress;

constexpr layoutcheck::Milliseconds kPatience{10'000};

int Fail(std::string_view problem) {
  std::fprintf(stderr, "change_entry: %.*s\n", static_cast<int>(problem.size()), problem.data());
  return EXIT_FAILURE;
}

int Put(GdbGuest& guest, PhysicalAddress where, uint64_t value, size_t bytes) {
  uint8_t raw[sizeof(value)];
  std::memcpy(raw, &value, sizeof(value));
  const auto written = guest.Write(where, std::span(raw).first(bytes));
  return written ? EXIT_SUCCESS : Fail(written.error());
}

void PrintPlace(PhysicalAddress where, uint64_t value, size_t bytes) {
  std::printf("%#llx %#llx %zu\n", static_cast<unsigned long long>(where.value),
              static_cast<unsigned long long>(value), bytes);
}

std::expected<PhysicalAddress, std::string> FindEntry(const layoutcheck::Machine& machine,
                                                      layoutcheck::GuestMemory& memory,
                                                      VirtualAddress va) {
  std::optional<PhysicalAddress> found;
  const auto walked = layoutcheck::WalkTables(
      machine, memory, [&](const layoutcheck::Mapping& mapping, PhysicalAddress entry) {
        if (mapping.first <= va && va <= mapping.last()) found = entry;
      });
  if (!walked) return std::unexpected(walked.error());
  if (!found) return std::unexpected(std::format("{} is not mapped", layoutcheck::Text(va)));
  return *found;
}

// An entry of so many bytes.
std::expected<uint64_t, std::string> ReadEntry(layoutcheck::GuestMemory& memory,
                                               PhysicalAddress where, size_t bytes) {
  const PhysicalAddress wanted[] = {where};
  if (const auto fetched = memory.Fetch(wanted); !fetched) return std::unexpected(fetched.error());
  const layoutcheck::Page* const page = memory.Find(where);
  if (page == nullptr) return std::unexpected("a table lies where there is no memory");
  uint64_t entry = 0;
  std::memcpy(&entry, page->data() + where.value % layoutcheck::kPageBytes, bytes);
  return entry;
}

struct Root {
  uint64_t address;
  uint64_t bytes;
};

int Change(GdbGuest& guest, VirtualAddress va, uint64_t clear, uint64_t set,
           const std::optional<Root>& root) {
  auto machine = guest.ReadMachine(0);
  if (machine && root) machine = layoutcheck::WithRoot(*machine, root->address, root->bytes);
  if (!machine) return Fail(machine.error());
  layoutcheck::GuestMemory memory(guest);
  const auto where = FindEntry(*machine, memory, va);
  if (!where) return Fail(where.error());
  const bool is_wide = std::holds_alternative<layoutcheck::X86_64Registers>(*machine);
  const size_t bytes = is_wide ? sizeof(uint64_t) : sizeof(uint32_t);
  uint64_t value = 0;
  std::memcpy(&value, memory.Find(*where)->data() + where->value % layoutcheck::kPageBytes, bytes);
  PrintPlace(*where, value, bytes);
  return Put(guest, *where, (value & ~clear) | set, bytes);
}

// SDM vol. 3A 4.5: of x86_64's entries, and of the levels that they are on, 1 for pages.
constexpr uint64_t kAddress = 0x000F'FFFF'FFFF'F000;
constexpr uint64_t kIndexMask = 0x1FF;

unsigned ShiftOf(unsigned level) {
  constexpr unsigned kIndexBits = 9;
  constexpr unsigned kPageShift = 12;
  return kPageShift + kIndexBits * (level - 1);
}

unsigned LevelCount(const layoutcheck::X86_64Registers& registers) {
  constexpr unsigned kFourLevels = 4;
  constexpr unsigned kFiveLevels = 5;
  constexpr uint64_t kLa57 = 1U << 12;
  return (registers.cr4 & kLa57) != 0 ? kFiveLevels : kFourLevels;
}

// SDM vol. 3A 4.6.1: a page is the user's if every entry on the way to it says so.
int Open(GdbGuest& guest, VirtualAddress va, const std::optional<Root>& root) {
  constexpr uint64_t kUser = 1U << 2;
  constexpr uint64_t kPageSize = 1U << 7;
  auto machine = guest.ReadMachine(0);
  if (machine && root) machine = layoutcheck::WithRoot(*machine, root->address, root->bytes);
  if (!machine) return Fail(machine.error());
  const auto* const registers = std::get_if<layoutcheck::X86_64Registers>(&*machine);
  if (registers == nullptr) return Fail("only x86_64 has a bit for that at each level");
  layoutcheck::GuestMemory memory(guest);
  uint64_t table = registers->cr3 & kAddress;
  unsigned level = LevelCount(*registers);
  uint64_t entry = 0;
  do {
    const PhysicalAddress where = {table +
                                   sizeof(entry) * (va.value >> ShiftOf(level) & kIndexMask)};
    const auto read = ReadEntry(memory, where, sizeof(entry));
    if (!read) return Fail(read.error());
    entry = *read;
    PrintPlace(where, entry, sizeof(entry));
    if (Put(guest, where, entry | kUser, sizeof(entry)) != EXIT_SUCCESS) return EXIT_FAILURE;
    table = entry & kAddress;
    --level;
  } while (level > 0 && (entry & kPageSize) == 0);
  return EXIT_SUCCESS;
}

// The levels of a table, from its root down: where an entry for an address is, and the next table.
struct Level {
  unsigned shift;       // of what an entry translates
  uint64_t index_mask;  // behind it
  size_t entry_bytes;
  uint64_t compared;  // what is alike in copies; where there are levels below, the next table
};

std::vector<Level> LevelsOf(const layoutcheck::Machine& machine, uint64_t root_bytes) {
  const auto* const x86_64 = std::get_if<layoutcheck::X86_64Registers>(&machine);
  // B3.5.3: of the first level of short descriptors, an entry of 4 bytes for each 1 MiB.
  constexpr size_t kArmEntryBytes = 4;
  constexpr unsigned kArmShift = 20;
  if (x86_64 == nullptr)
    return {{kArmShift, root_bytes / kArmEntryBytes - 1, kArmEntryBytes, ~uint64_t{0}}};
  std::vector<Level> levels;
  for (unsigned level = LevelCount(*x86_64); level > 1; --level) {
    levels.push_back({ShiftOf(level), kIndexMask, sizeof(uint64_t), kAddress});
  }
  return levels;
}

// What leads to a table of the thread's own differs, what leads to the process's is a copy.
int Hide(GdbGuest& guest, VirtualAddress va, uint64_t process_table, const Root& thread) {
  const auto machine = guest.ReadMachine(0);
  if (!machine) return Fail(machine.error());
  layoutcheck::GuestMemory memory(guest);
  uint64_t table = thread.address;
  for (const Level& level : LevelsOf(*machine, thread.bytes)) {
    const uint64_t offset = (va.value >> level.shift & level.index_mask) * level.entry_bytes;
    const PhysicalAddress where = {(table & ~uint64_t{0xFF}) + offset};
    const PhysicalAddress of_process = {(process_table & ~uint64_t{0xFF}) + offset};
    const auto entry = ReadEntry(memory, where, level.entry_bytes);
    const auto other = ReadEntry(memory, of_process, level.entry_bytes);
    if (!entry || !other) return Fail(entry ? other.error() : entry.error());
    // x86_64 notes in each that it was used.
    if (*entry != 0 && ((*entry ^ *other) & level.compared) == 0) {
      PrintPlace(where, *entry, level.entry_bytes);
      return Put(guest, where, 0, level.entry_bytes);
    }
    table = *entry & level.compared;
    process_table = *other & level.compared;
  }
  return Fail(std::format("no entry for {} is a copy", layoutcheck::Text(va)));
}

}  // namespace

int main(int argument_count, char** arguments) {
  constexpr int kArguments = 6;
  const std::string_view command = argument_count >= kArguments ? arguments[2] : "";
  if (command != "change" && command != "open" && command != "hide" && command != "put") {
    return Fail("usage: GDB change|open|hide|put A B C");
  }
  const auto number = [&](int index) { return std::strtoull(arguments[index], nullptr, 0); };
  auto guest =
      GdbGuest::Attach(arguments[1], kPatience,
                       argument_count > kArguments ? layoutcheck::Afterwards::kResume
                                                   : layoutcheck::Afterwards::kStayStopped);
  if (!guest) return Fail(guest.error());
  if (command == "put") return Put(**guest, {number(3)}, number(4), number(5));
  std::optional<Root> root;
  if (argument_count == kArguments + 2) root = {number(kArguments), number(kArguments + 1)};
  if (command == "open") return Open(**guest, {number(3)}, root);
  if (command == "hide") {
    return root ? Hide(**guest, {number(3)}, number(4), *root) : Fail("hide needs a root");
  }
  return Change(**guest, {number(3)}, number(4), number(5), root);
}
