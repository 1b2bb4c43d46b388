// No file, however damaged, makes the reader read outside it.

#include <cstddef>
#include <cstdint>

#include "tools/symbols/elf_image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)symbols::ReadElf({reinterpret_cast<const char*>(data), size});
  return 0;
}
