// Who keeps a page table of his own that shows the tables of a process: told when the process's
// entries for tables change.
#pragma once

#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/paging_policy.h"

namespace mm {

class TableMirror : public base::ListHook<TableMirror> {
 public:
  // On the way to `va` a table was added, taken out or replaced. Nobody forgets or frees anything
  // before this returns.
  virtual void Follow(VirtAddr va) = 0;

  // Before the process's root becomes one of `shape`: makes sure that this one is no smaller.
  // Error: kOutOfMemory.
  [[nodiscard]] virtual base::Result<> GrowRoot(RootShape shape) = 0;

 protected:
  TableMirror() = default;
  ~TableMirror() = default;
};

}  // namespace mm
