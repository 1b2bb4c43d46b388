#include "testing/layering/layer_rules.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <format>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "testing/layering/layout_literals.h"
#include "testing/layering/source_scan.h"

namespace layering {
namespace {

using Names = std::vector<std::string_view>;

// A floor of the house: what lies under `prefix` may include what lies under one of `may_include`.
struct Layer {
  enum class Tests : uint8_t { kMayUseSupport, kLikeTheRest };

  std::string_view prefix;
  Names may_include;
  Tests tests = Tests::kMayUseSupport;
};

// Addresses, layouts, and what an architecture describes: the memory manager's ground floor.
constexpr std::string_view kMemoryManager = "kernel/mm/";
constexpr std::string_view kFacts = "kernel/mm/facts/";

Names Join(Names left, const Names& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

// The composition root is above the architectures; they may call what it declares for them.
const Names& CalledByArchitectures() {
  static const Names kNames = {"kernel/init/boot_info.h", "kernel/init/device_mapper.h",
                               "kernel/init/fault.h",     "kernel/init/panic.h",
                               "kernel/sched/traps.h",    "kernel/space/user_range.h"};
  return kNames;
}

void AddArchitecture(std::vector<Layer>& layers, std::string_view root) {
  static std::vector<std::string> kept;
  kept.reserve(64);
  const auto under = [&](std::string_view part) -> std::string_view {
    return kept.emplace_back(std::string(root) + std::string(part));
  };
  const Names kernel = {"kernel/base/", "kernel/mm/"};
  const std::string_view facts = under("facts/");
  const std::string_view firmware = under("firmware/");
  const std::string_view devices = under("devices/");
  const std::string_view ops = under("ops/");
  const std::string_view boot = under("boot/");
  const Names target = Join(
      Join(kernel, CalledByArchitectures()),
      {"kernel/posix/", facts, firmware, devices, ops, "arch/common/", "arch/ops/", "layouts/"});
  layers.push_back({facts, {"kernel/base/", "kernel/posix/", kFacts, facts}});
  layers.push_back({firmware, Join(kernel, {facts, firmware})});
  layers.push_back({devices, Join(kernel, {facts, firmware, devices})});
  layers.push_back({ops, target});
  layers.push_back({boot, Join(target, {boot})});
}

// Beside each other: page tables, ranges and objects, which all stand on frames; and the checks.
void AddMemoryManager(std::vector<Layer>& layers) {
  const Names frames = {"kernel/base/", "kernel/sync/", "kernel/mm/debug.h", kFacts,
                        "kernel/mm/frames/"};
  const Names regions = Join(
      frames, {"kernel/mm/tables/", "kernel/mm/ranges/", "kernel/mm/heap/", "kernel/mm/regions/"});
  layers.push_back({kFacts, {"kernel/base/", kFacts}});
  layers.push_back({"kernel/mm/frames/", frames});
  for (const std::string_view one :
       {"kernel/mm/tables/", "kernel/mm/ranges/", "kernel/mm/heap/", "kernel/mm/checks/"}) {
    layers.push_back({one, Join(frames, {one})});
  }
  layers.push_back({"kernel/mm/regions/", regions});
  layers.push_back({"kernel/mm/space/", Join(regions, {"kernel/mm/space/"})});
}

std::vector<Layer> MakeLayers() {
  // What a floor above the memory manager stands on, from the lowest to the highest.
  const Names space = {"kernel/base/",  "kernel/mm/", "kernel/sync/", "kernel/posix/",
                       "kernel/space/", "arch/ops/",  "layouts/"};
  const Names sched = Join(space, {"kernel/sched/"});
  const Names ipc = Join(sched, {"kernel/ipc/"});
  const Names fs = Join(ipc, {"kernel/fs/"});
  const Names process = Join(fs, {"kernel/process/"});
  std::vector<Layer> layers = {
      {"arch/common/", {kFacts}},
      {"kernel/base/", {"kernel/base/"}},
      {"kernel/base/kernel/", {"kernel/base/", "arch/ops/"}},
      {"kernel/posix/", {"kernel/base/", "kernel/posix/"}},
      {"kernel/random/", {"kernel/random/"}},
      {"kernel/space/", space},
      {"kernel/sched/", sched},
      {"kernel/ipc/", ipc},
      {"kernel/fs/", fs},
      {"kernel/process/", process},
      // Code of user mode: it shares what touches no memory of the kernel's.
      {"kernel/applications/",
       {"kernel/base/", "kernel/mm/facts/address.h", "kernel/posix/",
        "kernel/process/application.h", "arch/ops/", "kernel/applications/"}},
      {"kernel/syscall/", Join(process, {"kernel/syscall/"})},
      {"kernel/mm/", {"kernel/base/", "kernel/mm/", "kernel/sync/"}},
      {"kernel/sync/", {"kernel/base/", "kernel/sync/"}},
      {"kernel/symbols/", {"kernel/base/", "kernel/symbols/"}},
      {"kernel/init/", {"kernel/", "layouts/", "arch/ops/", "testing/unit/"}},
      {"layouts/", {"kernel/base/", "kernel/mm/", "layouts/"}},
      {"platforms/", {"platforms/", "kernel/symbols/"}},
      {"testing/unit/", {"kernel/base/", "testing/unit/"}},
      {"testing/", {"kernel/", "layouts/", "testing/", "tools/"}},
      {"testing/bench/", {"kernel/", "testing/", "tools/", "userspace/", "arch/x86_64/facts/"}},
      {"testing/guest/", {"testing/", "userspace/"}},
      {"testing/programs/", {"testing/", "layouts/", "userspace/"}},
      {"tools/", {"tools/"}},
      // The check from outside shares no code with what it checks.
      {"tools/layoutcheck/", {"tools/layoutcheck/"}, Layer::Tests::kLikeTheRest},
      {"userspace/", {"userspace/"}},
      // System calls are known by their names and numbers.
      {"userspace/calls/", {"userspace/", "kernel/posix/call.h"}},
      {"userspace/machine/",
       {"userspace/", "arch/arm/facts/system_calls.h", "arch/x86_64/facts/system_calls.h"}},
      {"userspace/system/", {"kernel/base/", "userspace/"}},
      // Drivers know registers and messages, not the kernel.
      {"userspace/drivers/",
       {"kernel/base/", "userspace/drivers/", "userspace/libatlas/", "userspace/machine/"}},
      // Reading a node of a device tree is the same work wherever it is done.
      {"userspace/drivers/tree/",
       {"arch/arm/firmware/tree_", "kernel/base/", "userspace/drivers/"}},
      // The heap of programs is the kernel's.
      {"userspace/libatlas/",
       {"kernel/base/", "kernel/mm/", "kernel/sync/", "userspace/libatlas/"}},
      {"userspace/libatlas/native/", {"userspace/libatlas/native/", "userspace/machine/"}},
      {"userspace/libatlas/shared/",
       {"kernel/base/", "kernel/mm/", "kernel/sync/", "userspace/libatlas/", "userspace/machine/"}},
      {"userspace/libatlas/system/",
       {"userspace/libatlas/native/", "userspace/libatlas/system/", "userspace/machine/"}},
      {"third_party/", {"third_party/"}},
  };
  AddArchitecture(layers, "arch/arm/");
  AddArchitecture(layers, "arch/x86_64/");
  AddMemoryManager(layers);
  return layers;
}

// The layer with the longest prefix of `path`; nullptr for a place that nobody has given a floor.
const Layer* LayerOf(std::string_view path) {
  static const std::vector<Layer> kLayers = MakeLayers();
  const Layer* found = nullptr;
  for (const Layer& layer : kLayers) {
    const bool longer = found == nullptr || layer.prefix.size() > found->prefix.size();
    if (longer && path.starts_with(layer.prefix)) found = &layer;
  }
  return found;
}

// Headers that only tests include.
bool IsTestSupport(std::string_view path) {
  static const std::set<std::string_view> kHeaders = {
      "arch/arm/facts/manual_walk.h",
      "arch/arm/facts/trial_machine.h",
      "arch/arm/facts/user_pages_machine.h",
      "arch/arm/firmware/tree_board.h",
      "arch/arm/firmware/tree_writer.h",
      "arch/x86_64/facts/manual_walk.h",
      "arch/x86_64/facts/trial_machine.h",
      "arch/x86_64/facts/user_pages_machine.h",
      "kernel/fs/cpio_archive.h",
      "kernel/fs/file_world.h",
      "kernel/fs/terminal_world.h",
      "kernel/mm/checks/layout_verify_world.h",
      "kernel/mm/exhaustion_memory.h",
      "kernel/mm/exhaustion_trial.h",
      "kernel/mm/facts/memory_map_boards.h",
      "kernel/mm/frames/physical_memory_test_machine.h",
      "kernel/mm/heap/slab_test_memory.h",
      "kernel/mm/ranges/range_allocator_model.h",
      "kernel/mm/ranges/vma_index_model.h",
      "kernel/mm/ranges/vma_index_random.h",
      "kernel/mm/regions/frame_window_fake.h",
      "kernel/mm/regions/vmalloc_fakes.h",
      "kernel/mm/regions/vmalloc_trial.h",
      "kernel/mm/space/space_world.h",
      "kernel/mm/space/space_world_tables.h",
      "kernel/mm/space/thread_memory_trial.h",
      "kernel/mm/tables/page_table_arena.h",
      "kernel/mm/tables/page_table_fake_memory.h",
      "kernel/mm/tables/page_table_fuzz.h",
      "kernel/mm/tables/page_table_model.h",
      "kernel/mm/tables/page_table_random.h",
      "kernel/mm/tables/page_table_trial.h",
      "kernel/mm/tables/space_table_fake.h",
      "kernel/mm/tables/trial_rounds.h",
      "kernel/mm/tables/user_pages_random.h",
      "kernel/mm/tables/user_pages_trial.h",
      "kernel/mm/test_failures.h",
      "kernel/mm/test_pages.h",
      "userspace/drivers/fake_registers.h",
      "userspace/drivers/virtio/device_queue.h",
      "userspace/drivers/virtio/fake_virtio.h",
      "userspace/libatlas/test_region.h",
      "userspace/system/dispatcher_world.h",
      "userspace/system/fake_kernel.h",
      "userspace/system/object_writer.h",
  };
  return kHeaders.contains(path);
}

bool IsTest(std::string_view path) { return path.ends_with("_test.cc") || IsTestSupport(path); }

bool StartsWithOneOf(std::string_view text, const Names& prefixes) {
  return std::ranges::any_of(prefixes,
                             [&](std::string_view prefix) { return text.starts_with(prefix); });
}

// What tests of any floor may use besides: test support, real layouts, and the memory manager that
// an architecture's facts are tried with.
const Names kForTests = {"testing/unit/", "layouts/", "kernel/base/", "kernel/mm/"};

const Names kFirstParty = {"arch/",    "kernel/", "layouts/",   "platforms/",
                           "testing/", "tools/",  "userspace/", "third_party/"};

bool MayInclude(std::string_view path, const Layer& layer, std::string_view included) {
  const bool may_use_support = IsTest(path) && layer.tests == Layer::Tests::kMayUseSupport;
  return StartsWithOneOf(included, layer.may_include) ||
         (may_use_support && StartsWithOneOf(included, kForTests));
}

// Headers of packages are included with <>; those of the repository by their full path.
bool IsOurs(std::string_view included) { return StartsWithOneOf(included, kFirstParty); }

const Names kArchitectureMacros = {
    "__x86_64__",  "__x86_64",   "__amd64__", "__i386__", "__arm__", "__arm",
    "__aarch64__", "__ARM_ARCH", "__thumb__", "__riscv",  "_M_X64",  "_M_ARM",
};

void CheckIncludes(std::string_view path, const Scan& scan, std::vector<Fault>& faults) {
  const Layer* const layer = LayerOf(path);
  if (layer == nullptr) {
    faults.push_back({std::string(path), 1, "lies on no floor: add it to layer_rules.cc"});
    return;
  }
  for (const At<std::string>& include : scan.includes) {
    if (!IsOurs(include.value)) continue;
    if (MayInclude(path, *layer, include.value)) continue;
    faults.push_back({std::string(path), include.line,
                      std::format("{} may not include {}", layer->prefix, include.value)});
  }
}

void CheckArchitecture(std::string_view path, const Scan& scan, std::vector<Fault>& faults) {
  if (path.starts_with("arch/") || path.starts_with("third_party/")) return;
  for (const At<std::string>& identifier : scan.identifiers) {
    if (std::ranges::find(kArchitectureMacros, identifier.value) == kArchitectureMacros.end()) {
      continue;
    }
    faults.push_back({std::string(path), identifier.line,
                      identifier.value + ": only arch/ knows the architecture"});
  }
}

// Layouts say addresses; tests say what they expect, also of machines that do not exist.
bool MayHoldLayoutLiterals(std::string_view path) {
  return path.starts_with("layouts/") || path.starts_with("testing/") ||
         path.starts_with("platforms/tests/") || IsTest(path);
}

void CheckLiterals(std::string_view path, const Scan& scan, const Exceptions& exceptions,
                   Exceptions& used, std::vector<Fault>& faults) {
  if (MayHoldLayoutLiterals(path)) return;
  for (const At<uint64_t>& number : scan.numbers) {
    const std::string where = FindLayoutAddress(number.value);
    if (where.empty()) continue;
    const std::pair<std::string, std::string> exception = {std::string(path),
                                                           std::format("{:#x}", number.value)};
    if (exceptions.contains(exception)) {
      used.insert(exception);
      continue;
    }
    faults.push_back({exception.first, number.line,
                      std::format("{} is {}: take it from the layout", exception.second, where)});
  }
}

}  // namespace

std::vector<Fault> CheckSource(std::string_view path, std::string_view text,
                               const Exceptions& exceptions, Exceptions& used) {
  std::vector<Fault> faults;
  const Scan scan = ScanSource(text);
  CheckIncludes(path, scan, faults);
  CheckArchitecture(path, scan, faults);
  CheckLiterals(path, scan, exceptions, used, faults);
  return faults;
}

std::vector<Fault> CheckBuildFile(std::string_view package, std::string_view text) {
  // Constraints, macros' packages and test support are not part of the house.
  static const Names kAlways = {"platforms", "visibility", "conditions"};
  static const Names kTestSupport = {"testing/unit"};
  std::vector<Fault> faults;
  const std::string directory = std::string(package) + "/";
  const Layer* const layer = LayerOf(directory);
  const std::string path = directory + "BUILD.bazel";
  if (layer == nullptr) return faults;  // no layer, no sources: CheckSource would have said so
  const bool may_use_support = layer->tests == Layer::Tests::kMayUseSupport;
  // Tools work on whatever the others build; nothing of them gets into it.
  if (may_use_support && package.starts_with("tools")) return faults;
  for (const At<Label>& label : ScanBuildFile(text)) {
    const std::string target = label.value.package + "/";
    const bool is_root = label.value.package.empty();  // licences and configuration
    if (is_root || StartsWithOneOf(label.value.package, kAlways)) continue;
    if (may_use_support && StartsWithOneOf(label.value.package, kTestSupport)) continue;
    const bool allowed = std::ranges::any_of(layer->may_include, [&](std::string_view prefix) {
      // Which floors of the memory manager, includes say: trials of all of them are libraries, too.
      const bool is_mm = prefix.starts_with(kMemoryManager);
      const auto within = is_mm ? kMemoryManager : prefix.substr(0, prefix.rfind('/') + 1);
      return target.starts_with(within) || (target == "arch/" && prefix == "arch/ops/");
    });
    const bool is_test = may_use_support && label.value.rule.ends_with("_test");
    if (allowed || (is_test && StartsWithOneOf(target, kForTests))) continue;
    faults.push_back(
        {path, label.line,
         std::format("{} may not depend on //{}", layer->prefix, label.value.package)});
  }
  return faults;
}

std::vector<Fault> CheckUnitTests(std::string_view package, std::string_view text,
                                  std::string_view kernel_build_file) {
  std::vector<Fault> faults;
  for (const At<std::string>& test : TargetsOf("mm_test", text)) {
    const std::string label = std::format("\"//{}:{}_in_kernel\"", package, test.value);
    if (kernel_build_file.contains(label)) continue;
    faults.push_back({std::format("{}/BUILD.bazel", package), test.line,
                      std::format("//kernel:kernel_test lacks {}", label)});
  }
  return faults;
}

}  // namespace layering
