// Firmware's lists and reservations made from bytes, beside a model that keeps every page by
// itself.
//
// Input: lines of six bytes, so that the corpus can be read and written by hand. The first is how
// many regions there is room for, and five bytes that do not matter. Each other one is
//
//   what   RANUX entries of firmware (RAM, ACPI's reclaimable and NVS, unusable, reserved), up to
//   the
//          first reservation; then FKMTD reserve for that state, and u asks for what is refused
//   where  L, M and H: from address 0, from 64 pages below 4 GiB, from 64 pages below 2^64
//   page   the first page from there, one digit: 0 to 9, a to z, A to Z, - and +
//   size   in pages; + is up to the last byte but one of all
//   edge   a digit that moves the edges by some bytes: 0 leaves them at pages
//   and a line feed
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"

namespace mm {
namespace {

// --- The model: cells of pages that ranges hold wholly or not at all -----------------------------

constexpr uint64_t kWindowPages = 128;
constexpr uint64_t kPagesBelow4GiB = (uint64_t{1} << 32) >> kPageShift;
constexpr uint64_t kAllPages = uint64_t{1} << (64 - kPageShift);
constexpr std::array kWindows = {uint64_t{0}, kPagesBelow4GiB - kWindowPages / 2,
                                 kAllPages - kWindowPages};
// Where the pages of input start: 64 of them, so that ranges of 63 pages reach over 4 GiB and 2^64.
constexpr std::array kFirstPages = {uint64_t{0}, kPagesBelow4GiB - 64, kAllPages - 64};

struct Cell {
  FrameNumber first;
  PageCount pages;
  std::optional<MemoryState> state;

  [[nodiscard]] FrameNumber last() const { return first + pages - PageCount{1}; }
};

// The pages of three windows one by one, and each gap between them as one.
using Cells = std::array<Cell, kWindows.size() * kWindowPages + kWindows.size() - 1>;

Cells MakeCells() {
  Cells cells{};
  size_t index = 0;
  for (const uint64_t window : kWindows) {
    if (index > 0) {
      const FrameNumber first = cells[index - 1].last() + PageCount{1};
      cells[index++] = {first, FrameNumber{window} - first, std::nullopt};
    }
    for (uint64_t page = 0; page < kWindowPages; ++page) {
      cells[index++] = {{window + page}, {1}, std::nullopt};
    }
  }
  return cells;
}

bool Touches(const PhysRange& range, const Cell& cell) {
  return FrameContaining(range.base) <= cell.last() && cell.first <= FrameContaining(range.last());
}

bool Holds(const PhysRange& range, const Cell& cell) {
  return range.base <= BaseOf(cell.first) &&
         range.last().value >= BaseOf(cell.last()).value + (kPageSize - 1);
}

MemoryState StateOf(FirmwareKind kind) {
  constexpr std::array kStates = {MemoryState::kUsable, MemoryState::kFirmwareReserved,
                                  MemoryState::kFirmwareReclaimable, MemoryState::kFirmwareReserved,
                                  MemoryState::kUnusable};
  return kStates[static_cast<size_t>(kind)];
}

class Model {
 public:
  void Add(const FirmwareRange& entry) {
    const MemoryState state = StateOf(entry.kind);
    const PhysRange range{entry.base, entry.size_bytes};
    for (Cell& cell : cells_) {
      const bool counts = state == MemoryState::kUsable ? Holds(range, cell) : Touches(range, cell);
      if (counts && (!cell.state || *cell.state < state)) cell.state = state;
    }
  }

  base::Result<> Reserve(const PhysRange& range, MemoryState state, size_t room) {
    if (range.IsEmpty() || range.Wraps() || state == MemoryState::kUsable) {
      return std::unexpected(base::Error::kInvalidArgument);
    }
    const auto is_known = [&](const Cell& cell) { return cell.state && Touches(range, cell); };
    if (std::ranges::none_of(cells_, is_known)) return std::unexpected(base::Error::kNotFound);
    if (room < CountRegions() + 2) return std::unexpected(base::Error::kOutOfMemory);
    for (Cell& cell : cells_) {
      const bool is_free =
          cell.state == MemoryState::kUsable || cell.state == MemoryState::kFirmwareReclaimable;
      if (is_free && Touches(range, cell)) cell.state = state;
    }
    return {};
  }

  // Calls `visit` with each run of cells of one state, from `regions` on.
  template <class Visitor>
  void VisitRegions(Visitor visit) const {
    std::optional<MemoryRegion> run;
    for (const Cell& cell : cells_) {
      if (run && run->state == cell.state) {
        run->pages += cell.pages;
        continue;
      }
      if (run) visit(*run);
      run.reset();
      if (cell.state) run = MemoryRegion{cell.first, cell.pages, *cell.state};
    }
    if (run) visit(*run);
  }

  [[nodiscard]] size_t CountRegions() const {
    size_t count = 0;
    VisitRegions([&](const MemoryRegion&) { ++count; });
    return count;
  }

  [[nodiscard]] PageCount TotalPages(MemoryState state) const {
    PageCount total{0};
    for (const Cell& cell : cells_) {
      if (cell.state == state) total += cell.pages;
    }
    return total;
  }

  [[nodiscard]] const Cells& cells() const { return cells_; }

 private:
  Cells cells_ = MakeCells();
};

// --- What the bytes say --------------------------------------------------------------------------

struct Line {
  char what;
  PhysRange range;
};

class Input {
 public:
  explicit Input(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] size_t room() const { return bytes_.empty() ? 0 : ValueOf(bytes_[0]); }
  [[nodiscard]] size_t lines() const {
    return bytes_.size() < kLineBytes ? 0 : bytes_.size() / kLineBytes - 1;
  }

  [[nodiscard]] Line At(size_t index) const {
    const auto line = bytes_.subspan((index + 1) * kLineBytes, kLineBytes);
    const auto window = static_cast<size_t>(std::string_view("LMH").find(char(line[1])));
    const uint64_t first_page =
        kFirstPages[window < kFirstPages.size() ? window : line[1] % kFirstPages.size()];
    const unsigned edge = ValueOf(line[4]);
    // Three ways to leave the edge of a page, for each of the two.
    constexpr std::array kMoves = {uint64_t{0}, uint64_t{1}, kPageSize / 2, kPageSize - 1};
    const uint64_t base = BaseOf({first_page + ValueOf(line[2])}).value + kMoves[edge % 4];
    const uint64_t pages = ValueOf(line[3]) * kPageSize;
    const uint64_t less = kMoves[edge / 4 % 4];
    const uint64_t to_the_top = ~base;  // all but the last byte of the address space
    return {static_cast<char>(line[0]),
            {PhysAddr{base}, ValueOf(line[3]) == kToTheTop ? to_the_top : pages - less}};
  }

 private:
  static constexpr size_t kLineBytes = 6;
  static constexpr unsigned kToTheTop = 63;

  // 0 to 9, then a to z, then A to Z.
  static unsigned ValueOf(uint8_t byte) {
    constexpr std::string_view kDigits =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-+";
    const size_t digit = kDigits.find(static_cast<char>(byte));
    return digit == std::string_view::npos ? byte % 64 : static_cast<unsigned>(digit);
  }

  std::span<const uint8_t> bytes_;
};

std::optional<FirmwareKind> KindOf(char what) {
  switch (what) {
    case 'R':
      return FirmwareKind::kRam;
    case 'A':
      return FirmwareKind::kAcpiReclaimable;
    case 'N':
      return FirmwareKind::kAcpiNvs;
    case 'U':
      return FirmwareKind::kUnusable;
    case 'X':
      return FirmwareKind::kReserved;
    default:
      return std::nullopt;
  }
}

MemoryState ReservedState(char what) {
  constexpr std::array kStates = {
      MemoryState::kFirmwareTables, MemoryState::kKernelImage,     MemoryState::kModule,
      MemoryState::kKernelTables,   MemoryState::kPageDescriptors, MemoryState::kUsable,
  };
  const size_t known = std::string_view("FKMTDu").find(what);
  return kStates[known < kStates.size() ? known : static_cast<uint8_t>(what) % kStates.size()];
}

// --- One input -----------------------------------------------------------------------------------

void CheckAgainst(const Model& model, const MemoryMap& map) {
  CHECK(map.CheckInvariants().has_value());
  auto left = map.regions();
  model.VisitRegions([&](const MemoryRegion& region) {
    CHECK(!left.empty() && left.front() == region);
    left = left.subspan(1);
  });
  CHECK(left.empty());
  CHECK(map.UsablePages() == model.TotalPages(MemoryState::kUsable));
}

void CheckFinds(const Model& model, const MemoryMap& map) {
  std::optional<FrameNumber> next;  // the lowest usable frame from here on
  for (size_t index = model.cells().size(); index-- > 0;) {
    const Cell& cell = model.cells()[index];
    const MemoryRegion* const found = map.FindRegion(cell.last());
    CHECK((found != nullptr) == cell.state.has_value());
    if (found != nullptr) {
      CHECK(found->state == *cell.state && found->first <= cell.first);
    }
    if (cell.state == MemoryState::kUsable) next = cell.first;
    const MemoryRegion* const usable = map.FindNext(cell.first, MemoryState::kUsable);
    CHECK((usable != nullptr) == next.has_value());
    if (usable != nullptr) CHECK(std::max(usable->first, cell.first) == *next);
  }
}

// What FromFirmware() has to say of the first entries, one after the other.
std::optional<MapFault> AddToModel(std::span<const FirmwareRange> entries, size_t room,
                                   PageCount minimum, Model& model) {
  const auto fault = [&](MapFaultKind kind, size_t index) {
    return MapFault{kind, index, model.TotalPages(MemoryState::kUsable), minimum};
  };
  for (size_t i = 0; i < entries.size(); ++i) {
    const PhysRange range{entries[i].base, entries[i].size_bytes};
    if (range.IsEmpty()) return fault(MapFaultKind::kZeroLength, i);
    if (range.Wraps()) return fault(MapFaultKind::kWraps, i);
    if (i > 0) {
      const PhysRange previous{entries[i - 1].base, entries[i - 1].size_bytes};
      if (range.base < previous.base) return fault(MapFaultKind::kUnsorted, i);
      if (range.base <= previous.last()) return fault(MapFaultKind::kOverlap, i);
    }
    const Model before = model;
    model.Add(entries[i]);
    if (model.CountRegions() > room) {
      model = before;
      return fault(MapFaultKind::kTooManyRanges, i);
    }
  }
  const PageCount usable = model.TotalPages(MemoryState::kUsable);
  if (usable.value == 0) return fault(MapFaultKind::kNoMemory, entries.size());
  if (usable < minimum) return fault(MapFaultKind::kTooLittleMemory, entries.size());
  return std::nullopt;
}

void Run(const Input& input) {
  constexpr PageCount kMinimum{3};
  std::array<FirmwareRange, 64> entries{};
  size_t count = 0;
  for (; count < input.lines() && count < entries.size(); ++count) {
    const Line line = input.At(count);
    const std::optional<FirmwareKind> kind = KindOf(line.what);
    if (!kind) break;
    entries[count] = {line.range.base, line.range.size_bytes, *kind};
  }
  const std::span<const FirmwareRange> firmware(entries.data(), count);

  Model model;
  const std::optional<MapFault> wanted = AddToModel(firmware, input.room(), kMinimum, model);
  std::array<MemoryRegion, 64> storage{};
  auto map = MemoryMap::FromFirmware(firmware, std::span(storage).first(input.room()), kMinimum);
  CHECK(map.has_value() == !wanted.has_value());
  if (wanted) {
    CHECK(map.error().kind == wanted->kind && map.error().index == wanted->index);
    return;
  }
  CheckAgainst(model, *map);
  for (size_t i = count; i < input.lines(); ++i) {
    const Line line = input.At(i);
    const MemoryState state = ReservedState(line.what);
    CHECK(map->Reserve(line.range, state) == model.Reserve(line.range, state, input.room()));
    CheckAgainst(model, *map);
  }
  CheckFinds(model, *map);
}

}  // namespace
}  // namespace mm

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mm::Run(mm::Input({data, size}));
  return 0;
}
