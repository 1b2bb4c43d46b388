// Structures and numbers of calls about the machine as a whole, as Linux has them
// (include/uapi/linux/utsname.h, sysinfo.h, random.h, reboot.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace posix {

// struct new_utsname: each text with its 0.
struct MachineNames {
  static constexpr size_t kNameBytes = 65;
  using Name = std::array<char, kNameBytes>;

  Name system{};
  Name host{};
  Name release{};
  Name version{};
  Name machine{};
  Name domain{};
};
static_assert(sizeof(MachineNames) == 6 * 65);

// struct sysinfo of an architecture whose long is a `Word`.
template <class Word>
struct MachineStatusOf;

template <>
struct MachineStatusOf<uint32_t> {
  uint32_t uptime_seconds = 0;
  std::array<uint32_t, 3> loads{};  // of 1, 5 and 15 minutes, in 2^-16
  uint32_t total_ram = 0;           // in units, as all that follow
  uint32_t free_ram = 0;
  uint32_t shared_ram = 0;
  uint32_t buffer_ram = 0;
  uint32_t total_swap = 0;
  uint32_t free_swap = 0;
  uint16_t processes = 0;
  uint16_t padding = 0;
  uint32_t total_high = 0;
  uint32_t free_high = 0;
  uint32_t unit_bytes = 0;
  std::array<uint32_t, 2> unused{};
};
static_assert(sizeof(MachineStatusOf<uint32_t>) == 64);

template <>
struct MachineStatusOf<uint64_t> {
  uint64_t uptime_seconds = 0;
  std::array<uint64_t, 3> loads{};
  uint64_t total_ram = 0;
  uint64_t free_ram = 0;
  uint64_t shared_ram = 0;
  uint64_t buffer_ram = 0;
  uint64_t total_swap = 0;
  uint64_t free_swap = 0;
  uint16_t processes = 0;
  std::array<uint16_t, 3> padding{};
  uint64_t total_high = 0;
  uint64_t free_high = 0;
  uint32_t unit_bytes = 0;
  uint32_t unused = 0;
};
static_assert(sizeof(MachineStatusOf<uint64_t>) == 112);

namespace random_flag {
inline constexpr uint32_t kNonBlock = 1;
inline constexpr uint32_t kRandom = 2;
inline constexpr uint32_t kInsecure = 4;
inline constexpr uint32_t kAll = kNonBlock | kRandom | kInsecure;
}  // namespace random_flag

// reboot's. Both magic numbers and one of four second ones are asked for.
namespace reboot {
inline constexpr uint32_t kMagic = 0xfee1dead;
inline constexpr std::array<uint32_t, 4> kSecondMagics = {672274793, 85072278, 369367448,
                                                          537993216};
inline constexpr uint32_t kRestart = 0x01234567;
inline constexpr uint32_t kHalt = 0xcdef0123;
inline constexpr uint32_t kPowerOff = 0x4321fedc;
inline constexpr uint32_t kCtrlAltDelOn = 0x89abcdef;
inline constexpr uint32_t kCtrlAltDelOff = 0;
}  // namespace reboot

}  // namespace posix
