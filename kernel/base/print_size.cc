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

}  // namespace

void PrintSize(Sink& sink, uint64_t bytes) {
  for (const Unit& unit : kUnits) {
    if (bytes >> unit.shift << unit.shift != bytes || bytes == 0) continue;
    return Print(sink, "{:>9} {}", bytes >> unit.shift, unit.name);
  }
  Print(sink, "{:>9} B  ", bytes);
}

}  // namespace base
