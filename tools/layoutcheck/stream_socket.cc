#include "tools/layoutcheck/stream_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <expected>
#include <format>
#include <string>
#include <string_view>
#include <utility>

namespace layoutcheck {
namespace {

constexpr int kNone = -1;
constexpr std::string_view kUnixPrefix = "unix:";

std::string Problem(std::string_view address, std::string_view what) {
  return std::format("{}: {}", address, what);
}

std::expected<int, std::string> ConnectUnix(std::string_view address) {
  const std::string_view path = address.substr(kUnixPrefix.size());
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(name.sun_path)) {
    return std::unexpected(
        Problem(address, std::format("a socket's path has 1 to {} bytes; use a relative one",
                                     sizeof(name.sun_path) - 1)));
  }
  std::ranges::copy(path, name.sun_path);
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return std::unexpected(Problem(address, std::strerror(errno)));
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0) {
    std::string problem = Problem(address, std::strerror(errno));
    ::close(descriptor);
    return std::unexpected(std::move(problem));
  }
  return descriptor;
}

std::expected<int, std::string> ConnectTcp(std::string_view address) {
  const size_t colon = address.rfind(':');
  const bool has_host = colon != std::string_view::npos && colon != 0;
  const std::string host(has_host ? address.substr(0, colon) : "127.0.0.1");
  const std::string port(colon == std::string_view::npos ? address : address.substr(colon + 1));
  addrinfo wanted = {};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int looked_up = ::getaddrinfo(host.c_str(), port.c_str(), &wanted, &found);
  if (looked_up != 0) return std::unexpected(Problem(address, ::gai_strerror(looked_up)));
  std::string problem;
  int descriptor = kNone;
  for (const addrinfo* one = found; one != nullptr && descriptor == kNone; one = one->ai_next) {
    descriptor = ::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
    if (descriptor >= 0 && ::connect(descriptor, one->ai_addr, one->ai_addrlen) == 0) break;
    problem = Problem(address, std::strerror(errno));
    if (descriptor >= 0) ::close(descriptor);
    descriptor = kNone;
  }
  ::freeaddrinfo(found);
  if (descriptor == kNone) return std::unexpected(std::move(problem));
  // Questions are short and wait for answers.
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return descriptor;
}

}  // namespace

std::expected<StreamSocket, std::string> StreamSocket::Connect(std::string_view address,
                                                               Milliseconds patience) {
  const std::expected<int, std::string> descriptor =
      address.starts_with(kUnixPrefix) ? ConnectUnix(address) : ConnectTcp(address);
  if (!descriptor) return std::unexpected(descriptor.error());
  return StreamSocket(*descriptor, patience, std::string(address));
}

StreamSocket::StreamSocket(int descriptor, Milliseconds patience, std::string address)
    : descriptor_(descriptor), patience_(patience), address_(std::move(address)) {}

StreamSocket::StreamSocket(StreamSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, kNone)),
      patience_(other.patience_),
      address_(std::move(other.address_)) {}

StreamSocket& StreamSocket::operator=(StreamSocket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(patience_, other.patience_);
  std::swap(address_, other.address_);
  return *this;
}

StreamSocket::~StreamSocket() {
  if (descriptor_ != kNone) ::close(descriptor_);
}

std::expected<void, std::string> StreamSocket::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return std::unexpected(Problem(address_, std::strerror(errno)));
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return {};
}

std::expected<std::string, std::string> StreamSocket::Receive() {
  pollfd wait = {.fd = descriptor_, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&wait, 1, static_cast<int>(patience_.count()));
  if (ready == 0) {
    return std::unexpected(Problem(
        address_,
        std::format("silent for {} ms; does it serve another program?", patience_.count())));
  }
  constexpr size_t kMost = size_t{256} * 1024;
  std::string bytes;
  ssize_t received = 0;
  bytes.resize_and_overwrite(kMost, [&](char* data, size_t size) {
    received = ::recv(descriptor_, data, size, 0);
    return received > 0 ? static_cast<size_t>(received) : 0;
  });
  if (received < 0) return std::unexpected(Problem(address_, std::strerror(errno)));
  if (received == 0) return std::unexpected(Problem(address_, "closed by the other side"));
  return bytes;
}

}  // namespace layoutcheck
