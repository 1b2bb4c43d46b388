// What may be done with a page, in words that every architecture shares.
#pragma once

#include <cstdint>
#include <string_view>

namespace mm {

// Rights of one side, user or kernel.
enum class Access : uint8_t {
  kNone = 0,
  kRead = 1,
  kWrite = 2,
  kExecute = 4,
  kReadWrite = kRead | kWrite,
  kReadExecute = kRead | kExecute,
  // In a layout's row only: code, constants and data side by side. Each page has r, rw or rx, as
  // its section (or its VMA) says, and never w and x together.
  kImage = 8,
};

[[nodiscard]] constexpr Access operator|(Access left, Access right) {
  return static_cast<Access>(static_cast<uint8_t>(left) | static_cast<uint8_t>(right));
}
[[nodiscard]] constexpr Access operator&(Access left, Access right) {
  return static_cast<Access>(static_cast<uint8_t>(left) & static_cast<uint8_t>(right));
}
// `left` without the rights of `right`.
[[nodiscard]] constexpr Access Without(Access left, Access right) {
  return static_cast<Access>(static_cast<uint8_t>(left) & ~static_cast<uint8_t>(right));
}
// Whether `access` has every right of `wanted`.
[[nodiscard]] constexpr bool Has(Access access, Access wanted) {
  return (access & wanted) == wanted;
}

// Three characters: "rw-"; "w^x" for kImage.
[[nodiscard]] constexpr std::string_view AccessName(Access access) {
  constexpr std::string_view kNames = "---r---w-rw---xr-x-wxrwx";
  constexpr uint8_t kRights = 7;
  if (Has(access, Access::kImage)) return "w^x";
  return kNames.substr(3 * (static_cast<uint8_t>(access) & kRights), 3);
}

// kNormal: RAM, cached, written back. kDevice: registers, neither cached, merged nor reordered. In
// a layout's row kDevice means that devices may be mapped there as well as RAM.
enum class Caching : uint8_t { kNormal, kDevice };

[[nodiscard]] constexpr std::string_view CachingName(Caching caching) {
  return caching == Caching::kNormal ? "normal" : "device";
}

// Who shares a mapping: every address space, one process, one thread. A page table entry only knows
// global or not; kThread appears in layouts.
enum class Scope : uint8_t { kGlobal, kProcess, kThread };

[[nodiscard]] constexpr std::string_view ScopeName(Scope scope) {
  switch (scope) {
    case Scope::kGlobal:
      return "global";
    case Scope::kProcess:
      return "process";
    case Scope::kThread:
      return "thread";
  }
  return "unknown";
}

// What fills a region of a layout.
enum class Service : uint8_t {
  kUnused,
  kThreadControl,
  kMessageQueue,
  kProgram,
  kLibraries,
  kUserHeap,
  kUserStack,
  kSharedMemory,
  kDirectMap,
  kImage,
  kKernelHeap,
  kVmalloc,
  kWindow,
  kScratchpad,
  kPageObjects,
};

[[nodiscard]] constexpr std::string_view ServiceName(Service service) {
  switch (service) {
    case Service::kUnused:
      return "unused";
    case Service::kThreadControl:
      return "thread control block";
    case Service::kMessageQueue:
      return "message queue";
    case Service::kProgram:
      return "program";
    case Service::kLibraries:
      return "libraries";
    case Service::kUserHeap:
      return "user heap";
    case Service::kUserStack:
      return "user stack";
    case Service::kSharedMemory:
      return "shared memory";
    case Service::kDirectMap:
      return "direct map";
    case Service::kImage:
      return "kernel image";
    case Service::kKernelHeap:
      return "kernel heap";
    case Service::kVmalloc:
      return "vmalloc";
    case Service::kWindow:
      return "windows";
    case Service::kScratchpad:
      return "boot scratchpad";
    case Service::kPageObjects:
      return "page objects";
  }
  return "unknown";
}

// Services of the kernel's own memory: no user right ever.
[[nodiscard]] constexpr bool IsKernelService(Service service) {
  return service >= Service::kDirectMap || service == Service::kThreadControl;
}

// How the used part of a region moves.
enum class Growth : uint8_t { kFixed, kUp, kDown };

[[nodiscard]] constexpr std::string_view GrowthName(Growth growth) {
  switch (growth) {
    case Growth::kFixed:
      return "fixed";
    case Growth::kUp:
      return "up";
    case Growth::kDown:
      return "down";
  }
  return "unknown";
}

// Unmapped pages that a region's service keeps: below each stack, on both sides of each area.
enum class Guards : uint8_t { kNone, kBelow, kAround };

[[nodiscard]] constexpr std::string_view GuardsName(Guards guards) {
  switch (guards) {
    case Guards::kNone:
      return "none";
    case Guards::kBelow:
      return "below";
    case Guards::kAround:
      return "around";
  }
  return "unknown";
}

// What one mapping grants. `scope` is kGlobal or kProcess.
struct PageAttributes {
  Access user = Access::kNone;
  Access kernel = Access::kNone;
  Caching caching = Caching::kNormal;
  Scope scope = Scope::kGlobal;

  friend constexpr bool operator==(const PageAttributes&, const PageAttributes&) = default;
};

}  // namespace mm
