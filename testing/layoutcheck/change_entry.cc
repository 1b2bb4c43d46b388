// Changes page table entries of a guest behind its back, for tests of layoutcheck:
//   change_entry GDB change VA CLEAR SET    changes bits of the leaf entry that maps VA; prints
//                                           where it is and what it was
//   change_entry GDB put WHERE VALUE BYTES  puts that back
// The guest stays stopped.
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

int Change(GdbGuest& guest, VirtualAddress va, uint64_t clear, uint64_t set) {
  const auto machine = guest.ReadMachine(0);
  if (!machine) return Fail(machine.error());
  layoutcheck::GuestMemory memory(guest);
  const auto where = FindEntry(*machine, memory, va);
  if (!where) return Fail(where.error());
  const bool is_wide = std::holds_alternative<layoutcheck::X86_64Registers>(*machine);
  const size_t bytes = is_wide ? sizeof(uint64_t) : sizeof(uint32_t);
  uint64_t value = 0;
  std::memcpy(&value, memory.Find(*where)->data() + where->value % layoutcheck::kPageBytes, bytes);
  std::printf("%#llx %#llx %zu\n", static_cast<unsigned long long>(where->value),
              static_cast<unsigned long long>(value), bytes);
  return Put(guest, *where, (value & ~clear) | set, bytes);
}

}  // namespace

int main(int argument_count, char** arguments) {
  constexpr int kArguments = 6;
  const std::string_view command = argument_count == kArguments ? arguments[2] : "";
  if (command != "change" && command != "put") return Fail("usage: GDB change|put A B C");
  const auto number = [&](int index) { return std::strtoull(arguments[index], nullptr, 0); };
  auto guest = GdbGuest::Attach(arguments[1], kPatience, layoutcheck::Afterwards::kStayStopped);
  if (!guest) return Fail(guest.error());
  if (command == "put") return Put(**guest, {number(3)}, number(4), number(5));
  return Change(**guest, {number(3)}, number(4), number(5));
}
