#include "userspace/libatlas/fault_message.h"

#include <cstdint>
#include <cstdlib>

#include "userspace/libatlas/error_line.h"

namespace libatlas {
namespace {

constexpr std::string_view NameOf(mm::ObjectFault fault) {
  switch (fault) {
    case mm::ObjectFault::kForeign:
      return "no block begins here";
    case mm::ObjectFault::kInterior:
      return "inside a block";
    default:
      return mm::ObjectFaultName(fault);
  }
}

}  // namespace

void StopProgram(mm::ObjectFault fault, std::string_view heap, const void* block) {
  ErrorLine line;
  line.Add(heap);
  line.Add(": free of ");
  line.AddAddress(reinterpret_cast<uintptr_t>(block));
  line.Add(": ");
  line.Add(NameOf(fault));
  line.Add("\n");
  line.Write();
  std::abort();
}

}  // namespace libatlas
