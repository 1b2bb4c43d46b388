// The tests' side: questions to the system process.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "userspace/system_tests/server.h"

namespace system_tests {

// The kernel starts it second.
inline constexpr int32_t kSystemThread = 2;

struct Answer {
  int64_t first;
  uint64_t second;
};

// The test ends here without an answer.
Answer Ask(Request request, std::initializer_list<uint64_t> arguments = {});

// A handler of the test device's line, and the device within reach. Ends with the test that has it.
class Handler {
 public:
  explicit Handler(uint64_t number, uint64_t trigger = kLevel);
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  ~Handler();

  // How often it was called since the last time.
  [[nodiscard]] uint64_t TakeCalls() const;

  static constexpr uint64_t kEdge = 0;
  static constexpr uint64_t kLevel = 1;

 private:
  uint64_t number_;
};

// Maps the device's registers, if it has some in memory; they stay.
void ReachDevice();

}  // namespace system_tests
