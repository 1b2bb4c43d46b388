#include "kernel/init/live_tables.h"

#include <algorithm>

#include "kernel/base/check.h"

namespace kernel {

KernelSpace::Table TableAt(const arch::LiveRoot& root, const System& system) {
  return {root.shape, root.table, system.space.table()};
}

KernelSpace::Table LiveTableOf(mm::VirtAddr va, const System& system) {
  const auto roots = arch::LiveRoots();
  const auto* const root = std::ranges::find_if(
      roots, [va](const arch::LiveRoot& one) { return one.first <= va && va <= one.last; });
  CHECK(root != roots.end());
  return TableAt(*root, system);
}

}  // namespace kernel
