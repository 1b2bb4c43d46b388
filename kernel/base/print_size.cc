#include "kernel/base/print_size.h"

#include <array>
#include <string_view>

#include "kernel/base/units.h"

namespace base {
namespace {

struct Unit {
  unsigned shift;
  std::string_view name;
};

constexpr auto kUnits = std::to_array<Unit>({
    {kPiBShift, "PiB"},
    {kTiBShift, "TiB"},
    {kGiBShift, "GiB"},
    {kMiBShift, "MiB"},
    {kKiBShift, "KiB"},
});
constexpr Unit kByte = {0, "B"};

constexpr Unit UnitOf(uint64_t bytes) {
  for (const Unit& unit : kUnits) {
    if (bytes != 0 && bytes >> unit.shift << unit.shift == bytes) return unit;
  }
  return kByte;
}

}  // namespace

void PrintBareSize(Sink& sink, uint64_t bytes) {
  const Unit unit = UnitOf(bytes);
  Print(sink, "{} {}", bytes >> unit.shift, unit.name);
}

void PrintSize(Sink& sink, uint64_t bytes) {
  const Unit unit = UnitOf(bytes);
  Print(sink, "{:>9} {:<3}", bytes >> unit.shift, unit.name);
}

}  // namespace base
