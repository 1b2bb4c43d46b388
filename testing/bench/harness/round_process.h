// RoundProcess: a contender's own process, in which its rounds run one at a time.
//
// Apart from the others an allocator starts with fresh memory, its resident bytes can be told, and
// a crash ends one contender instead of the run.
#pragma once

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>

#include "testing/bench/workload.h"

namespace bench {

class RoundProcess {
 public:
  // Forks; `contender` must outlive this.
  explicit RoundProcess(const Contender& contender);
  // Ends the process.
  ~RoundProcess();
  RoundProcess(RoundProcess&& other) noexcept;
  RoundProcess& operator=(RoundProcess&&) = delete;

  // Runs one round and waits for it; an error is how the process ended.
  std::expected<Sample, std::string> Round();
  // Runs the contender's check; nothing, or what is wrong.
  std::optional<std::string> Verify();

 private:
  // Sends a command and reads the answer up to its empty line.
  std::expected<std::string, std::string> Ask(char command);
  std::string HowItEnded();

  pid_t process_ = -1;
  int commands_ = -1;
  int answers_ = -1;
};

// How a sample travels between processes: lines of "value<tab>name", the first without a name.
[[nodiscard]] std::string EncodeSample(const Sample& sample);
[[nodiscard]] std::optional<Sample> DecodeSample(const std::string& text);

}  // namespace bench
