// Questions to a gdb stub, and its answers.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/layoutcheck/gdb_packet.h"
#include "tools/layoutcheck/stream_socket.h"

namespace layoutcheck {

// What the guest did when the stub was asked first. QEMU stops it and says so if it ran.
enum class Before : uint8_t { kStopped, kRunning };

// Errors name the address and what went wrong.
class GdbConnection {
 public:
  [[nodiscard]] static std::expected<GdbConnection, std::string> Open(std::string_view address,
                                                                      Milliseconds patience);

  [[nodiscard]] Before before() const { return before_; }

  [[nodiscard]] std::expected<std::string, std::string> Ask(std::string_view question);

  // The same for many questions, without waiting for each answer. Answers are in their order.
  [[nodiscard]] std::expected<std::vector<std::string>, std::string> AskAll(
      std::span<const std::string> questions);

  // What QEMU's monitor answers to a command.
  [[nodiscard]] std::expected<std::string, std::string> AskMonitor(std::string_view command);

  // A file of the target description.
  [[nodiscard]] std::expected<std::string, std::string> ReadDescription(std::string_view file);

 private:
  explicit GdbConnection(StreamSocket socket) : socket_(std::move(socket)) {}

  [[nodiscard]] std::expected<std::string, std::string> NextAnswer();

  StreamSocket socket_;
  PacketReader reader_;
  Before before_ = Before::kStopped;
};

}  // namespace layoutcheck
