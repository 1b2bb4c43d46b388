#include "tools/layoutcheck/monitor_stub.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <expected>
#include <format>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "nlohmann/json.hpp"
#include "tools/layoutcheck/stream_socket.h"

namespace layoutcheck {
namespace {

using Json = nlohmann::json;
using Done = std::expected<void, std::string>;

constexpr std::string_view kPrompt = "(qemu) ";
constexpr std::string_view kSocketName = "/gdb";

std::string SocketPath(const std::string& directory) {
  return directory + std::string(kSocketName);
}

}  // namespace

std::expected<std::unique_ptr<MonitorStub>, std::string> MonitorStub::Open(std::string_view address,
                                                                           Milliseconds patience) {
  std::expected<StreamSocket, std::string> socket = StreamSocket::Connect(address, patience);
  if (!socket) return std::unexpected(std::move(socket.error()));
  const char* const parent = std::getenv("TMPDIR");
  std::string directory = std::format("{}/layoutcheck.XXXXXX", parent == nullptr ? "/tmp" : parent);
  if (::mkdtemp(directory.data()) == nullptr) {
    return std::unexpected(std::format("{}: {}", directory, std::strerror(errno)));
  }
  std::unique_ptr<MonitorStub> stub(new MonitorStub(std::move(*socket), directory));
  if (Done greeted = stub->Greet(); !greeted) {
    return std::unexpected(std::format("{}: {}", address, greeted.error()));
  }
  const std::string open =
      std::format("gdbserver unix:{},server=on,wait=off", SocketPath(directory));
  if (Done opened = stub->Run(open); !opened) {
    return std::unexpected(std::format("{}: {}", address, opened.error()));
  }
  stub->stub_ = Stub::kOpen;
  return stub;
}

MonitorStub::~MonitorStub() {
  // A stub that was there before us stays. If this fails, nobody is there to hear of it.
  if (stub_ == Stub::kOpen) (void)Run("gdbserver none");
  ::unlink(SocketPath(directory_).c_str());
  ::rmdir(directory_.c_str());
}

std::string MonitorStub::GdbAddress() const { return "unix:" + SocketPath(directory_); }

std::expected<std::string, std::string> MonitorStub::ReadUntil(std::string_view text) {
  size_t found = received_.find(text);
  while (found == std::string::npos) {
    std::expected<std::string, std::string> bytes = socket_.Receive();
    if (!bytes) return bytes;
    received_ += *bytes;
    found = received_.find(text);
  }
  std::string before = received_.substr(0, found);
  received_.erase(0, found + text.size());
  return before;
}

// QMP greets with an object, the human monitor with a line and its prompt.
Done MonitorStub::Greet() {
  const auto line = ReadUntil("\n");
  if (!line) return std::unexpected(line.error());
  if (!line->starts_with('{')) {
    const auto rest = ReadUntil(kPrompt);
    if (!rest) return std::unexpected(rest.error());
    return {};
  }
  language_ = Language::kJson;
  if (Done sent = socket_.Send("{\"execute\": \"qmp_capabilities\"}\n"); !sent) return sent;
  const auto ready = ReadUntil("\n");
  if (!ready) return std::unexpected(ready.error());
  return {};
}

Done MonitorStub::Run(std::string_view command) {
  if (language_ == Language::kHuman) {
    if (Done sent = socket_.Send(std::format("{}\n", command)); !sent) return sent;
    // The monitor echoes the line as it is edited.
    if (const auto echo = ReadUntil("\n"); !echo) return std::unexpected(echo.error());
    const auto printed = ReadUntil(kPrompt);
    if (!printed) return std::unexpected(printed.error());
    constexpr std::string_view kProblem = "Could not";
    if (printed->contains(kProblem)) return std::unexpected(*printed);
    return {};
  }
  const Json request = {{"execute", "human-monitor-command"},
                        {"arguments", {{"command-line", command}}}};
  if (Done sent = socket_.Send(request.dump() + "\n"); !sent) return sent;
  // Events may come before the answer.
  while (true) {
    const auto line = ReadUntil("\n");
    if (!line) return std::unexpected(line.error());
    const Json answer = Json::parse(*line, nullptr, /*allow_exceptions=*/false);
    if (!answer.is_object()) return std::unexpected("the monitor speaks no JSON");
    if (answer.contains("error")) return std::unexpected(answer["error"].dump());
    if (!answer.contains("return")) continue;
    constexpr std::string_view kProblem = "Could not";
    const std::string printed = answer["return"].is_string() ? answer["return"] : Json("");
    if (printed.contains(kProblem)) return std::unexpected(printed);
    return {};
  }
}

}  // namespace layoutcheck
