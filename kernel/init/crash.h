// Deliberate mistakes, to see that the kernel catches them.
#pragma once

#include <span>
#include <string_view>

namespace kernel {

struct Crash {
  std::string_view name;
  std::string_view what;
  void (*commit)();  // does not return if the kernel is sound
};

std::span<const Crash> Crashes();

}  // namespace kernel
