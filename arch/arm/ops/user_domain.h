// The domain of processes' pages, which is closed while the kernel runs (paging_policy.h).
#pragma once

#include "arch/arm/facts/paging_policy.h"
#include "arch/arm/ops/coprocessor.h"

namespace arch::arm {

// For a copy. With interrupts off; not nested.
class UserDomainOpen {
 public:
  UserDomainOpen() { Set(PagingPolicy::kUserOpen); }
  ~UserDomainOpen() { Set(PagingPolicy::kUserClosed); }
  UserDomainOpen(const UserDomainOpen&) = delete;
  UserDomainOpen& operator=(const UserDomainOpen&) = delete;

 private:
  static void Set(uint32_t rights) {
    WriteDacr(rights);
    InstructionBarrier();
  }
};

// For what is done while a copy waits.
class UserDomainClosed {
 public:
  UserDomainClosed() { WriteDacr(PagingPolicy::kUserClosed); }
  ~UserDomainClosed() {
    WriteDacr(PagingPolicy::kUserOpen);
    InstructionBarrier();
  }
  UserDomainClosed(const UserDomainClosed&) = delete;
  UserDomainClosed& operator=(const UserDomainClosed&) = delete;
};

}  // namespace arch::arm
