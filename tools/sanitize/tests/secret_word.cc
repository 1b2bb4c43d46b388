// Crashes on one input that only a fuzzer guided by coverage finds.

#include <cstddef>
#include <cstdint>

namespace {

void CrashOnSecretWord(const uint8_t* data, size_t size) {
  if (size > 2 && data[0] == 'B' && data[1] == 'U' && data[2] == 'G') __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  CrashOnSecretWord(data, size);
  return 0;
}
