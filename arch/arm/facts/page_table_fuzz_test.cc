// Page tables of ARMv7-A as bytes change them; see kernel/mm/tables/page_table_fuzz.h.
#include "kernel/mm/tables/page_table_fuzz.h"

#include <cstddef>
#include <cstdint>

#include "arch/arm/facts/trial_machine.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size_bytes) {
  using namespace arch::arm;
  mm::ByteChoices choices({data, size_bytes});
  switch (choices.Below(3)) {
    case 0:
      mm::RunFuzzedPageTable<TrialMachine<0>>(choices);
      break;
    case 1:
      mm::RunFuzzedPageTable<TrialMachine<1>>(choices);
      break;
    default:
      mm::RunFuzzedPageTable<TrialMachine<7>>(choices);
      break;
  }
  return 0;
}
