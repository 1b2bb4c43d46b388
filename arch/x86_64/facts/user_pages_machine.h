// Address spaces of x86_64 as machines for kernel/mm/tables/user_pages_trial.h.
#pragma once

#include "arch/x86_64/facts/paging_policy.h"
#include "kernel/mm/facts/paging_policy.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/thread_pages.h"

namespace arch::x86_64 {

// Process and kernel under one entry of the root: 32-bit addresses.
struct NarrowMachine {
  using Policy = PagingPolicy;
  static constexpr mm::RootShape kRoot = PagingPolicy::kFourLevelRoot;
  static constexpr PagingPolicy::Features kFeatures{};
  static constexpr mm::VirtRange kKernel{{0xC000'0000}, 0x4000'0000};
  static constexpr unsigned kKernelLevel = 2;
  // Both ends of what is the process's, and a border between tables.
  static constexpr mm::VirtRange kWindows[] = {
      {{0x0}, 0x8000}, {{0x3F'8000}, 0x1'0000}, {{0xBFFF'8000}, 0x8000}};
  // What is each thread's own, and where the process's pages may lie beside and below that.
  static constexpr mm::ThreadRanges kThread = {mm::VirtRange{{0x20'0000}, 0x20'0000},
                                               mm::VirtRange{{0xBF80'0000}, 0x80'0000}};
  static constexpr mm::VirtRange kBesideThread[] = {
      {{0}, 0x8000}, {{0x3F'8000}, 0x1'0000}, {{0x7FFF'8000}, 0x1'0000}, {{0xBF7F'8000}, 0x1'0000}};
};

// The kernel in its own entries of the root.
struct HalvesMachine : NarrowMachine {
  static constexpr mm::VirtRange kKernel{{0xFFFF'8000'0000'0000}, 0x80'0000'0000};
  static constexpr unsigned kKernelLevel = 3;
  static constexpr mm::VirtRange kWindows[] = {
      {{0x3F'8000}, 0x1'0000}, {{0x7F'FFFF'8000}, 0x1'0000}, {{0xFFFF'8080'0000'0000}, 0x8000}};
  static constexpr mm::ThreadRanges kThread = {mm::VirtRange{{0x7F00'0000'0000}, 0x80'0000'0000},
                                               mm::VirtRange{{0x7F80'0000'0000}, 0x80'0000'0000}};
  static constexpr mm::VirtRange kBesideThread[] = {
      {{0x3F'8000}, 0x1'0000}, {{0x7EFF'FFFF'8000}, 0x1'0000}, {{0xFFFF'8080'0000'0000}, 0x8000}};
};

// Five levels, and the kernel in the last 4 GiB.
struct DeepMachine : NarrowMachine {
  static constexpr mm::RootShape kRoot = PagingPolicy::kFiveLevelRoot;
  static constexpr mm::VirtRange kKernel{{0xFFFF'FFFF'0000'0000}, 0x1'0000'0000};
  static constexpr mm::VirtRange kWindows[] = {{{0xFF'FFFF'8000}, 0x1'0000},
                                               {{0xFFFF'FFFE'FFFF'8000}, 0x8000}};
  static constexpr mm::ThreadRanges kThread = {
      mm::VirtRange{{0}, 0x20'0000}, mm::VirtRange{{0x80'0000'0000'0000}, 0x80'0000'0000'0000}};
  static constexpr mm::VirtRange kBesideThread[] = {{{0x1F'8000}, 0x1'0000},
                                                    {{0x3FFF'8000}, 0x1'0000},
                                                    {{0xFF'FFFF'8000}, 0x1'0000},
                                                    {{0x7F'FFFF'FFFF'8000}, 0x1'0000},
                                                    {{0xFFFF'FFFE'FFFF'8000}, 0x8000}};
};

}  // namespace arch::x86_64
