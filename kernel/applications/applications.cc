#include "kernel/applications/applications.h"

#include <array>

#include "arch/ops/application.h"
#include "kernel/applications/idle.h"
#include "kernel/applications/trial.h"
#include "kernel/base/units.h"

namespace applications {
namespace {

using namespace base::literals;  // NOLINT(google-build-using-namespace): units of the table

// The same code in processes of several sizes: first-level tables of 128, 256 and 4096 bytes.
constexpr auto kAll = std::to_array<process::Application>({
    {.name = "bare", .main = Bare, .heap_bytes = 0, .stack_bytes = 1},
    {.name = "idle", .main = Idle, .heap_bytes = 64_KiB, .stack_bytes = 12_KiB},
    {.name = "roomy", .main = Idle, .heap_bytes = 24_MiB, .stack_bytes = 64_KiB},
    {.name = "vast", .main = Idle, .heap_bytes = 512_MiB, .stack_bytes = 1_MiB},
    {.name = "trial", .main = RunTrial, .heap_bytes = 256_KiB, .stack_bytes = 32_KiB},
});

}  // namespace

std::span<const process::Application> All() { return kAll; }

mm::VirtAddr Start() { return arch::ApplicationStart(); }

}  // namespace applications
