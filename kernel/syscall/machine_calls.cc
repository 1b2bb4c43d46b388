#include "kernel/syscall/machine_calls.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <string_view>

#include "arch/ops/power.h"
#include "kernel/fs/memory_source.h"
#include "kernel/mm/facts/address.h"
#include "kernel/posix/time.h"
#include "kernel/syscall/services.h"

namespace syscall {
namespace {

using posix::Errno;

void CopyText(posix::MachineNames::Name& to, std::string_view text) {
  std::ranges::copy(text.substr(0, to.size() - 1), to.begin());
}

uintptr_t PagesAsWord(mm::PageCount pages) {
  return static_cast<uintptr_t>(
      std::min<uint64_t>(pages.value, std::numeric_limits<uintptr_t>::max()));
}

}  // namespace

posix::CallResult Uname(UserMachineNames names) {
  const fs::SystemNames texts = TheServices().system_facts.Names();
  posix::MachineNames known;
  CopyText(known.system, texts.system);
  CopyText(known.host, texts.host);
  CopyText(known.release, texts.release);
  CopyText(known.version, texts.version);
  CopyText(known.machine, texts.machine);
  CopyText(known.domain, "(none)");
  TRY(names.Write(known));
  return 0;
}

posix::CallResult Sethostname(kernel::UserPointer<char> name, size_t length) {
  posix::MachineNames::Name text{};
  if (length >= text.size()) return std::unexpected(Errno::kInvalid);
  TRY(name.ReadMany(std::span(text).first(length)));
  TheServices().host_name.Set({text.data(), length});
  return 0;
}

posix::CallResult Sysinfo(UserMachineStatus status) {
  const fs::MemoryFacts memory = TheServices().memory_facts.Facts();
  const fs::SystemFacts system = TheServices().system_facts.Facts();
  posix::MachineStatusOf<uintptr_t> known;
  known.uptime_seconds = static_cast<uintptr_t>(system.uptime / posix::kNanosecondsPerSecond);
  known.total_ram = PagesAsWord(memory.total);
  known.free_ram = PagesAsWord(memory.free);
  known.shared_ram = PagesAsWord(memory.shared);
  known.processes = static_cast<uint16_t>(system.threads);
  known.total_high = PagesAsWord(memory.high_total);
  known.free_high = PagesAsWord(memory.high_free);
  known.unit_bytes = mm::kPageSize;
  for (size_t i = 0; i < known.loads.size(); ++i) {
    constexpr uint32_t kHundredths = 100;
    known.loads[i] = (uintptr_t{system.load_hundredths[i]} << 16) / kHundredths;
  }
  TRY(status.Write(known));
  return 0;
}

posix::CallResult Getrandom(kernel::UserPointer<std::byte> bytes, size_t count, uint32_t flags) {
  using namespace posix::random_flag;  // NOLINT(google-build-using-namespace)
  if ((flags & ~kAll) != 0 || (flags & (kRandom | kInsecure)) == (kRandom | kInsecure)) {
    return std::unexpected(Errno::kInvalid);
  }
  constexpr size_t kMost = std::numeric_limits<int32_t>::max();
  count = std::min(count, kMost);
  std::array<std::byte, 256> some;
  size_t done = 0;
  while (done < count) {
    const auto part = std::span(some).first(std::min(some.size(), count - done));
    TheServices().environment.FillRandom(part);
    if (const auto written = bytes.At(done).WriteMany(part); !written) {
      if (done == 0) return std::unexpected(written.error());
      break;
    }
    done += part.size();
  }
  return static_cast<intptr_t>(done);
}

posix::CallResult Reboot(uint32_t magic, uint32_t second_magic, uint32_t command) {
  using namespace posix::reboot;  // NOLINT(google-build-using-namespace)
  const bool is_meant =
      magic == kMagic && std::ranges::find(kSecondMagics, second_magic) != kSecondMagics.end();
  if (!is_meant) return std::unexpected(Errno::kInvalid);
  switch (command) {
    case kRestart:
      arch::Reboot();
    case kHalt:
    case kPowerOff:
      arch::PowerOff();
    case kCtrlAltDelOn:
    case kCtrlAltDelOff:
      return 0;
    default:
      return std::unexpected(Errno::kInvalid);
  }
}

}  // namespace syscall
