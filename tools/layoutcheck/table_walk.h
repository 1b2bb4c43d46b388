// Walks page tables of any format, level by level, so that each level is read from the guest at
// once. Tables come from a guest that may be broken or hostile: whatever they hold, the walk ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <format>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/guest_memory.h"
#include "tools/layoutcheck/mapping.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck {

// What tables above an entry leave of its rights.
struct Limits {
  Rights user = Rights::kAll;
  Rights kernel = Rights::kAll;
  // ARM's manager domains: rights are `user` and `kernel`, whatever the entry says.
  enum class Check : uint8_t { kEntry, kNothing } check = Check::kEntry;
};

// One entry as the hardware reads it.
struct Entry {
  enum class Kind : uint8_t { kNothing, kTable, kLeaf, kMalformed };
  Kind kind = Kind::kNothing;
  PhysicalAddress target = {};  // of a leaf's first byte, or of a table
  uint64_t page_bytes = 0;      // of a leaf: more than the entry spans where entries are repeated
  Attributes attributes = {};   // of a leaf
  Limits limits = {};           // of a table
  std::string_view fault = {};  // of a malformed entry
};

// A table that is to be read: `count` entries, the first of which translates `base`.
struct Table {
  VirtualAddress base;
  PhysicalAddress at;
  unsigned level;  // 1 is the last
  uint32_t count;
  Limits limits;
};

// Something in the tables that no sound kernel writes.
struct WalkFault {
  VirtualAddress at;
  std::string what;

  friend bool operator==(const WalkFault&, const WalkFault&) = default;
};

struct WalkResult {
  std::vector<WalkFault> faults;  // the first kMostWalkFaults
  uint64_t tables = 0;            // below the roots; one that is used twice counts twice
};

inline constexpr size_t kMostWalkFaults = 64;
// Enough for 64 GiB in small pages. Tables that contain themselves are read until here.
inline constexpr uint64_t kMostTables = 32768;

using MappingVisitor = std::function<void(const Mapping&, PhysicalAddress entry)>;

// `Format` says what entries mean:
//   using Word                                  the integer an entry is
//   uint64_t SpanOf(unsigned level)             bytes that one entry of a level translates
//   Entry Decode(Word, unsigned level, VirtualAddress, const Limits&)
//   uint32_t CountBelow(unsigned level)         entries of a table that an entry of `level` names
//   VirtualAddress Extend(VirtualAddress)       the address as software writes it
template <class Format>
class TableWalk {
 public:
  TableWalk(const Format& format, GuestMemory& memory, const MappingVisitor& visit)
      : format_(format), memory_(memory), visit_(visit) {}

  // Calls the visitor for each leaf entry, in no order. The error: memory could not be read.
  [[nodiscard]] std::expected<WalkResult, std::string> Walk(std::vector<Table> roots) {
    std::vector<Table> level = std::move(roots);
    while (!level.empty()) {
      std::vector<Table> below;
      if (auto read = Fetch(level); !read) return std::unexpected(std::move(read.error()));
      for (const Table& table : level) ReadTable(table, below);
      level = std::move(below);
    }
    return std::move(result_);
  }

 private:
  using Word = Format::Word;

  void Report(VirtualAddress at, std::string what) {
    if (result_.faults.size() == kMostWalkFaults) return;
    result_.faults.push_back({format_.Extend(at), std::move(what)});
  }

  std::expected<void, std::string> Fetch(const std::vector<Table>& tables) {
    std::vector<PhysicalAddress> addresses;
    for (const Table& table : tables) {
      const uint64_t bytes = uint64_t{table.count} * sizeof(Word);
      for (uint64_t offset = 0; offset < bytes; offset += kPageBytes) {
        addresses.push_back(table.at + offset);
      }
    }
    return memory_.Fetch(addresses);
  }

  void ReadTable(const Table& table, std::vector<Table>& below) {
    VirtualAddress va = table.base;
    for (uint32_t index = 0; index < table.count; ++index) {
      const PhysicalAddress at = table.at + uint64_t{index} * sizeof(Word);
      const Page* const page = memory_.Find(at);
      if (page == nullptr) {
        return Report(va, std::format("the table at {}, level {}, lies where there is no memory",
                                      Text(at), table.level));
      }
      Word word;
      std::memcpy(&word, page->data() + at.value % kPageBytes, sizeof(word));
      if (word != 0) ReadEntry(table, word, va, at, below);
      va = va + format_.SpanOf(table.level);
    }
  }

  void ReadEntry(const Table& table, Word word, VirtualAddress va, PhysicalAddress at,
                 std::vector<Table>& below) {
    const Entry entry = format_.Decode(word, table.level, va, table.limits);
    switch (entry.kind) {
      case Entry::Kind::kNothing:
        return;
      case Entry::Kind::kMalformed:
        return Report(va, std::format("the entry {:#x} at {}, level {}: {}", word, Text(at),
                                      table.level, entry.fault));
      case Entry::Kind::kTable:
        if (result_.tables > kMostTables) return;
        if (++result_.tables > kMostTables) {
          return Report(va, std::format("here begins table {}: some tables contain themselves",
                                        result_.tables));
        }
        below.push_back(
            {va, entry.target, table.level - 1, format_.CountBelow(table.level), entry.limits});
        return;
      case Entry::Kind::kLeaf:
        visit_({.first = format_.Extend(va),
                .bytes = format_.SpanOf(table.level),
                .target = entry.target,
                .page_bytes = entry.page_bytes,
                .attributes = entry.attributes},
               at);
    }
  }

  const Format& format_;
  GuestMemory& memory_;
  const MappingVisitor& visit_;
  WalkResult result_;
};

}  // namespace layoutcheck
