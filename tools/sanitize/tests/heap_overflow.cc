// Reads one element past an array on the heap.

#include <cstddef>
#include <memory>

namespace {

int ReadPastTheEnd(const int* values, size_t count) { return values[count]; }

}  // namespace

int main(int argc, char**) {
  const auto count = static_cast<size_t>(argc) + 2;
  const std::unique_ptr<int[]> values(new int[count]());
  return ReadPastTheEnd(values.get(), count);
}
