#include "kernel/applications/idle.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "kernel/applications/runtime.h"

namespace applications {
namespace {

// More than a page.
constexpr size_t kBytes = 5000;

}  // namespace

int Bare(int, char**) {
  Write(kOutput, ".");
  std::array<char, 1> byte;
  while (!Read(kInput, byte).empty()) {
  }
  const uintptr_t end = Break();
  return SetBreak(end + 1) == end ? 0 : 1;
}

int Idle(int, char**) {
  if (Allocations() != 0) return 1;
  auto* const block = static_cast<char*>(Allocate(kBytes));
  if (block == nullptr) return 2;
  const auto own = static_cast<char>(Call(posix::Call::kGetpid));
  std::array<char, kBytes> more;
  std::ranges::fill(std::span(block, kBytes), own);
  std::ranges::fill(more, own);
  Write(kOutput, ".");
  std::array<char, 1> byte;
  while (!Read(kInput, byte).empty()) {
  }
  const auto is_own = [own](char one) { return one == own; };
  if (!std::ranges::all_of(std::span(block, kBytes), is_own)) return 3;
  if (!std::ranges::all_of(more, is_own)) return 4;
  return Allocations() == 1 ? 0 : 5;
}

}  // namespace applications
