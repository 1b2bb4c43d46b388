// Page tables of x86_64 as bytes change them; see kernel/mm/tables/page_table_fuzz.h.
#include "kernel/mm/tables/page_table_fuzz.h"

#include <cstddef>
#include <cstdint>

#include "arch/x86_64/facts/trial_machine.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size_bytes) {
  using namespace arch::x86_64;
  mm::ByteChoices choices({data, size_bytes});
  switch (choices.Below(3)) {
    case 0:
      mm::RunFuzzedPageTable<TrialMachine<4, GigabytePages::kYes>>(choices);
      break;
    case 1:
      mm::RunFuzzedPageTable<TrialMachine<5, GigabytePages::kYes>>(choices);
      break;
    default:
      mm::RunFuzzedPageTable<TrialMachine<4, GigabytePages::kNo>>(choices);
      break;
  }
  return 0;
}
