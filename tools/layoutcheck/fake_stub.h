// A gdb stub for tests: answers questions from a table, on a socket of its own.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tools/layoutcheck/gdb_packet.h"

namespace layoutcheck {

class FakeStub {
 public:
  // Question to packets, each sent as it is; no entry, no answer. `greeting` is sent first.
  using Answers = std::map<std::string, std::vector<std::string>>;

  FakeStub(std::string path, std::string greeting, Answers answers)
      : path_(std::move(path)), greeting_(std::move(greeting)), answers_(std::move(answers)) {
    ::unlink(path_.c_str());
    sockaddr_un name = {};
    name.sun_family = AF_UNIX;
    path_.copy(name.sun_path, sizeof(name.sun_path) - 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0 ||
        ::listen(listener_, 1) != 0) {
      std::perror("FakeStub");
      std::abort();
    }
    thread_ = std::thread([this] { Serve(); });
  }
  ~FakeStub() {
    ::shutdown(listener_, SHUT_RDWR);
    Wait();
    ::close(listener_);
  }

  // Until the other side has gone; then everything it has asked.
  const std::vector<std::string>& Wait() {
    if (thread_.joinable()) thread_.join();
    return asked_;
  }

  std::string address() const { return "unix:" + path_; }

 private:
  void Serve() {
    const int connection = ::accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    Send(connection, greeting_);
    PacketReader reader;
    char bytes[4096];
    while (true) {
      const ssize_t count = ::recv(connection, bytes, sizeof(bytes), 0);
      if (count <= 0) break;
      reader.Add({bytes, static_cast<size_t>(count)});
      while (const auto question = reader.Next().value_or(std::nullopt)) {
        asked_.push_back(*question);
        const auto answer = answers_.find(*question);
        if (answer == answers_.end()) continue;
        for (const std::string& packet : answer->second) Send(connection, packet);
      }
    }
    ::close(connection);
  }

  static void Send(int connection, const std::string& text) {
    (void)!::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
  }

  std::string path_;
  std::string greeting_;
  Answers answers_;
  int listener_;
  std::vector<std::string> asked_;
  std::thread thread_;
};

}  // namespace layoutcheck
