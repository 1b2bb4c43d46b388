// A connection to a local program: QEMU's gdb stub or its monitor.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

namespace layoutcheck {

using Milliseconds = std::chrono::milliseconds;

// Move-only; closes when destroyed.
class StreamSocket {
 public:
  // `address` is unix:PATH, HOST:PORT, or PORT of this machine. Each later call waits at most
  // `patience` for the other side.
  [[nodiscard]] static std::expected<StreamSocket, std::string> Connect(std::string_view address,
                                                                        Milliseconds patience);
  StreamSocket(StreamSocket&& other) noexcept;
  StreamSocket& operator=(StreamSocket&& other) noexcept;
  ~StreamSocket();

  [[nodiscard]] std::expected<void, std::string> Send(std::string_view bytes);

  // At least one byte; the error: the other side closed, or was silent.
  [[nodiscard]] std::expected<std::string, std::string> Receive();

 private:
  StreamSocket(int descriptor, Milliseconds patience, std::string address);

  int descriptor_;
  Milliseconds patience_;
  std::string address_;
};

}  // namespace layoutcheck
