// A gdb stub that is opened through QEMU's monitor, for guests started without one.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "tools/layoutcheck/stream_socket.h"

namespace layoutcheck {

// The stub exists as long as this does.
class MonitorStub {
 public:
  // `address` is a monitor that speaks HMP or QMP.
  [[nodiscard]] static std::expected<std::unique_ptr<MonitorStub>, std::string> Open(
      std::string_view address, Milliseconds patience);
  MonitorStub(const MonitorStub&) = delete;
  ~MonitorStub();

  // Where the stub listens.
  [[nodiscard]] std::string GdbAddress() const;

 private:
  enum class Language { kHuman, kJson };
  enum class Stub { kClosed, kOpen };

  MonitorStub(StreamSocket socket, std::string directory)
      : socket_(std::move(socket)), directory_(std::move(directory)) {}

  [[nodiscard]] std::expected<void, std::string> Greet();
  // Runs a command of the human monitor; the error holds what it printed, which is nothing when
  // all is well.
  [[nodiscard]] std::expected<void, std::string> Run(std::string_view command);
  // Reads until `text` has been received; returns everything up to it.
  [[nodiscard]] std::expected<std::string, std::string> ReadUntil(std::string_view text);

  StreamSocket socket_;
  std::string directory_;  // of our own, for the stub's socket
  std::string received_;
  Language language_ = Language::kHuman;
  Stub stub_ = Stub::kClosed;
};

}  // namespace layoutcheck
