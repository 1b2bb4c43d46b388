// Address spaces of ARMv7-A as machines for kernel/mm/tables/user_pages_trial.h.
#pragma once

#include "arch/arm/facts/paging_policy.h"
#include "kernel/mm/facts/paging_policy.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/thread_pages.h"

namespace arch::arm {

// A kernel at address 0 below its processes, and a root that ends with them.
struct BelowMachine {
  using Policy = PagingPolicy;
  static constexpr mm::RootShape kRoot = PagingPolicy::Root(7);
  static constexpr PagingPolicy::Features kFeatures{};
  static constexpr mm::VirtRange kKernel{{0}, 0x30'0000};
  static constexpr unsigned kKernelLevel = 1;
  // Both ends of what is the process's, and a border between tables.
  static constexpr mm::VirtRange kWindows[] = {
      {{0x30'0000}, 0x8000}, {{0x7F'8000}, 0x1'0000}, {{0x1FF'8000}, 0x8000}};
  // What is each thread's own, and where the process's pages may lie beside and below that.
  static constexpr mm::ThreadRanges kThread = {mm::VirtRange{{0x30'0000}, 0x20'0000},
                                               mm::VirtRange{{0x180'0000}, 0x80'0000}};
  static constexpr mm::VirtRange kBesideThread[] = {
      {{0x4F'8000}, 0x1'0000}, {{0x7F'8000}, 0x1'0000}, {{0x17F'8000}, 0x1'0000}};
};

// The kernel above, in the same root.
struct SharedMachine : BelowMachine {
  static constexpr mm::RootShape kRoot = PagingPolicy::Root(0);
  static constexpr mm::VirtRange kKernel{{0xFFE0'0000}, 0x20'0000};
  static constexpr mm::VirtRange kWindows[] = {
      {{0}, 0x8000}, {{0x7F'8000}, 0x1'0000}, {{0xFFDF'8000}, 0x8000}};
  static constexpr mm::ThreadRanges kThread = {mm::VirtRange{{0x20'0000}, 0x20'0000},
                                               mm::VirtRange{{0xBF80'0000}, 0x80'0000}};
  static constexpr mm::VirtRange kBesideThread[] = {
      {{0}, 0x8000}, {{0x3F'8000}, 0x1'0000}, {{0xBF7F'8000}, 0x1'0000}, {{0xFFDF'8000}, 0x8000}};
};

}  // namespace arch::arm
