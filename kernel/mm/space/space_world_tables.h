// An architecture's page tables for space_world.h: as in a kernel, with a kernel's part, in the
// frames of the same small memory. The processor forgets at once. `Machine` is one of
// user_pages_trial.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/exhaustion_memory.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/fault_info.h"
#include "kernel/mm/tables/space_table.h"
#include "kernel/mm/tables/user_pages.h"
#include "kernel/mm/test_failures.h"

namespace mm {

// Counts the tables.
class CountedTables : public TrialTables {
 public:
  using TrialTables::TrialTables;

  [[nodiscard]] base::Result<PhysAddr> AllocateTable(uint64_t bytes, uint64_t alignment) {
    const PhysAddr table = TRY(TrialTables::AllocateTable(bytes, alignment));
    ++count_;
    return table;
  }
  void FreeTable(PhysAddr pa, uint64_t bytes) {
    --count_;
    TrialTables::FreeTable(pa, bytes);
  }
  void FreeZeroedTable(PhysAddr pa, uint64_t bytes) {
    --count_;
    TrialTables::FreeZeroedTable(pa, bytes);
  }
  [[nodiscard]] size_t count() const { return count_; }

 private:
  size_t count_ = 0;
};

template <class Machine>
class MachineTables {
 public:
  using Table = UserPages<typename Machine::Policy, CountedTables>;

  explicit MachineTables(TrialMemory& memory)
      : tables_(memory),
        kernel_(*Table::Table::Create(Machine::kRoot, Machine::kFeatures, tables_)) {
    // Something of the kernel's, so that there is a way to the entries that are shared.
    constexpr PageAttributes kKernelData{.kernel = mm::Access::kReadWrite};
    CHECK(kernel_.Map({Machine::kKernel.base, kPageSize}, PhysAddr{0}, kKernelData).has_value());
    CHECK(kernel_.ShareEntries(Machine::kKernel, Machine::kKernelLevel).has_value());
    of_kernel_ = tables_.count();
  }
  MachineTables(const MachineTables&) = delete;
  MachineTables& operator=(const MachineTables&) = delete;
  ~MachineTables() { kernel_.Release(); }

  [[nodiscard]] base::Result<Table> Create() {
    return Table::Create(Machine::kRoot, kernel_, tables_);
  }
  [[nodiscard]] std::optional<FrameNumber> Access(const Table& table, VirtAddr va,
                                                  AccessKind kind) {
    const std::optional<UserPage> page = table.PageAt(va);
    const mm::Access wanted = kind == AccessKind::kWrite     ? mm::Access::kWrite
                              : kind == AccessKind::kExecute ? mm::Access::kExecute
                                                             : mm::Access::kRead;
    if (!page || !Has(page->access, wanted)) return std::nullopt;
    return page->frame;
  }
  [[nodiscard]] size_t tables_in_use() const { return tables_.count() - of_kernel_; }
  [[nodiscard]] FailurePoint* failure() { return nullptr; }  // the memory's

 private:
  CountedTables tables_;
  typename Table::Table kernel_;
  size_t of_kernel_ = 0;
};

}  // namespace mm
