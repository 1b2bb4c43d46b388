#include "tools/layoutcheck/gdb_connection.h"

#include <algorithm>
#include <cstddef>
#include <expected>
#include <format>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace layoutcheck {
namespace {

using Answer = std::expected<std::string, std::string>;

constexpr std::string_view kAcknowledgement = "+";
// Few enough that the questions fit into the socket while the stub waits for us to read answers.
constexpr size_t kMostUnanswered = 256;

}  // namespace

std::expected<GdbConnection, std::string> GdbConnection::Open(std::string_view address,
                                                              Milliseconds patience) {
  std::expected<StreamSocket, std::string> socket = StreamSocket::Connect(address, patience);
  if (!socket) return std::unexpected(std::move(socket.error()));
  GdbConnection connection(std::move(*socket));
  Answer supported = connection.Ask("qSupported:xmlRegisters=i386,arm");
  // The stop of a running guest is told before any answer.
  while (supported && (supported->starts_with('T') || supported->starts_with('S'))) {
    connection.before_ = Before::kRunning;
    supported = connection.NextAnswer();
  }
  if (!supported) return std::unexpected(std::move(supported.error()));
  if (!supported->contains("qXfer:features:read+")) {
    return std::unexpected(std::format("{}: no gdb stub that describes its registers", address));
  }
  return connection;
}

Answer GdbConnection::NextAnswer() {
  while (true) {
    std::expected<std::optional<std::string>, std::string> packet = reader_.Next();
    if (!packet) return std::unexpected(std::move(packet.error()));
    if (*packet) return std::move(**packet);
    Answer bytes = socket_.Receive();
    if (!bytes) return bytes;
    reader_.Add(*bytes);
  }
}

Answer GdbConnection::Ask(std::string_view question) {
  const std::string one[] = {std::string(question)};
  std::expected<std::vector<std::string>, std::string> answers = AskAll(one);
  if (!answers) return std::unexpected(std::move(answers.error()));
  return std::move(answers->front());
}

std::expected<std::vector<std::string>, std::string> GdbConnection::AskAll(
    std::span<const std::string> questions) {
  std::vector<std::string> answers;
  while (!questions.empty()) {
    const size_t count = std::min(questions.size(), kMostUnanswered);
    std::string packets;
    // The acknowledgement is of the answer before.
    for (const std::string& question : questions.first(count)) {
      packets += kAcknowledgement;
      packets += EncodePacket(question);
    }
    if (auto sent = socket_.Send(packets); !sent) return std::unexpected(std::move(sent.error()));
    for (size_t index = 0; index < count; ++index) {
      Answer answer = NextAnswer();
      if (!answer) return std::unexpected(std::move(answer.error()));
      answers.push_back(std::move(*answer));
    }
    questions = questions.subspan(count);
  }
  return answers;
}

// The monitor's text comes in packets "O" and hexadecimal digits, then "OK".
Answer GdbConnection::AskMonitor(std::string_view command) {
  std::string text;
  Answer answer = Ask("qRcmd," + ToHex(command));
  while (answer && answer->starts_with('O') && *answer != "OK") {
    const std::optional<std::string> piece = FromHex(std::string_view(*answer).substr(1));
    if (!piece) return std::unexpected("the gdb stub's monitor speaks no hexadecimal");
    text += *piece;
    if (auto sent = socket_.Send(kAcknowledgement); !sent) {
      return std::unexpected(std::move(sent.error()));
    }
    answer = NextAnswer();
  }
  if (!answer) return answer;
  if (*answer != "OK") return std::unexpected("the gdb stub has no monitor");
  return text;
}

Answer GdbConnection::ReadDescription(std::string_view file) {
  constexpr size_t kPieceBytes = 0xFF0;
  std::string text;
  while (true) {
    const Answer piece =
        Ask(std::format("qXfer:features:read:{}:{:x},{:x}", file, text.size(), kPieceBytes));
    if (!piece) return piece;
    const bool is_last = piece->starts_with('l');
    if (!is_last && !piece->starts_with('m')) {
      return std::unexpected(std::format("the gdb stub has no {}", file));
    }
    text += std::string_view(*piece).substr(1);
    // A stub that sends empty pieces for ever must not keep us.
    if (is_last || piece->size() == 1) return text;
  }
}

}  // namespace layoutcheck
