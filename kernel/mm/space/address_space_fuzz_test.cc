// Operations on address spaces made from bytes, beside the model; see space_trial.h.
//
// Input: lines of nine bytes, so that the corpus can be read and written by hand: the letter of
// SpaceOperation::what, seven digits (0 to 9, a to z, A to Z, - and +) for its other numbers in
// their order, and a line feed. With `failing` 0 no allocation fails.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/mm/space/space_trial.h"

namespace mm {
namespace {

constexpr size_t kLineBytes = 9;

unsigned ValueOf(uint8_t byte) {
  constexpr std::string_view kDigits =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-+";
  const size_t digit = kDigits.find(static_cast<char>(byte));
  return static_cast<unsigned>(digit == std::string_view::npos ? byte % kDigits.size() : digit);
}

SpaceOperation Parse(std::span<const uint8_t, kLineBytes> line) {
  return {.what = static_cast<char>(line[0]),
          .space = ValueOf(line[1]),
          .page = ValueOf(line[2]),
          .count = ValueOf(line[3]),
          .rights = ValueOf(line[4]),
          .object = ValueOf(line[5]),
          .other = ValueOf(line[6]),
          .failing = ValueOf(line[7])};
}

}  // namespace
}  // namespace mm

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span bytes(data, size);
  mm::SpaceTrial trial;
  for (size_t at = 0; at + mm::kLineBytes <= size; at += mm::kLineBytes) {
    CHECK(trial.Step(mm::Parse(bytes.subspan(at).first<mm::kLineBytes>())));
  }
  CHECK(trial.Finish());
  return 0;
}
