#include "kernel/init/device_trial.h"

#include <array>
#include <optional>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/init/kernel_areas.h"
#include "kernel/init/reports.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/regions/vmalloc_areas.h"

namespace kernel {
namespace {

constexpr std::string_view kName = "plugged in";

// The registers of the first device that has a mapping.
std::optional<mm::PhysRange> FirstDevice(const KernelAreas::Areas& areas) {
  std::optional<mm::PhysRange> found;
  areas.ForEachArea([&found](const mm::VmallocArea& area) {
    if (!found && area.kind == mm::AreaKind::kDevice) found = area.target;
  });
  return found;
}

bool IsMapped(const System& system, mm::VirtAddr va) {
  return system.space.table().Translate(va).has_value();
}

// Mappings of one device, which end by themselves.
class Plugs {
 public:
  Plugs(KernelAreas& areas, const mm::PhysRange& device) : areas_(areas), device_(device) {}
  Plugs(const Plugs&) = delete;
  Plugs& operator=(const Plugs&) = delete;
  ~Plugs() {
    for (size_t i = 0; i < places_.size(); ++i) PlugOut(i);
  }

  base::Result<> PlugIn(size_t index) {
    places_[index] = TRY(areas_.MapDevice(device_.base, device_.size_bytes, kName));
    return {};
  }

  // Nobody has used the mapping, and nobody waits for its addresses.
  void PlugOut(size_t index) {
    if (!places_[index]) return;
    CHECK(areas_.areas().UnmapDevice(*places_[index]).has_value());
    areas_.areas().Purge();
    places_[index].reset();
  }

  mm::VirtAddr operator[](size_t index) const { return *places_[index]; }

 private:
  KernelAreas& areas_;
  mm::PhysRange device_;
  std::array<std::optional<mm::VirtAddr>, 3> places_;
};

base::Result<> Try(base::Sink& sink, const System& system, const mm::PhysRange& device) {
  Plugs plugs(system.areas, device);
  TRY(plugs.PlugIn(0));
  TRY(plugs.PlugIn(1));
  TRY(plugs.PlugIn(2));
  base::Print(sink, "devices: plugged in at {}, {}, {}, {}\n", plugs[0], plugs[1], plugs[2],
              LiveTablesMatch(system) ? "layout ok" : "LAYOUT DIFFERS");
  const mm::VirtAddr middle = plugs[1];
  plugs.PlugOut(1);
  base::Print(sink, "devices: {} at {}, {}\n", IsMapped(system, middle) ? "NO HOLE" : "a hole",
              middle, LiveTablesMatch(system) ? "layout ok" : "LAYOUT DIFFERS");
  TRY(plugs.PlugIn(1));
  base::Print(sink, "devices: plugged in at {}, {}, {}\n", plugs[1],
              plugs[1] == middle ? "the hole" : "NOT THE HOLE",
              LiveTablesMatch(system) ? "layout ok" : "LAYOUT DIFFERS");
  return {};
}

}  // namespace

void TryDevices(base::Sink& sink, const System& system) {
  const auto device = FirstDevice(system.areas.areas());
  if (!device) return sink.Write("devices: none has a mapping\n");
  const uint64_t before = system.areas.areas().statistics().areas;
  const auto result = Try(sink, system, *device);
  if (!result) base::Print(sink, "devices: {}\n", base::ErrorName(result.error()));
  base::Print(sink, "devices: all gone, {}, {}\n",
              system.areas.areas().statistics().areas == before ? "nothing kept" : "AREAS KEPT",
              LiveTablesMatch(system) ? "layout ok" : "LAYOUT DIFFERS");
}

}  // namespace kernel
