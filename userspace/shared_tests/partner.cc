#include "userspace/shared_tests/partner.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "userspace/libatlas/shared/smalloc.h"
#include "userspace/support/test.h"

namespace shared {

struct Partner::Order {
  enum class Kind : uint8_t { kRead, kWrite, kPassToKernel, kFree, kMake, kScribble };

  Kind kind;
  uintptr_t address = 0;
  size_t bytes = 0;
  int value = 0;
};

void Partner::Serve(int orders, int answers) {
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0 || fcntl(pipe_ends[1], F_SETFL, O_NONBLOCK) != 0) _exit(1);
  Order order;
  while (read(orders, &order, sizeof order) == sizeof order) {
    auto* const bytes = reinterpret_cast<unsigned char*>(order.address);
    intptr_t answer = 0;
    switch (order.kind) {
      case Order::Kind::kRead:
        answer = *static_cast<volatile unsigned char*>(bytes);
        break;
      case Order::Kind::kWrite:
        *static_cast<volatile unsigned char*>(bytes) = static_cast<unsigned char>(order.value);
        break;
      case Order::Kind::kPassToKernel: {
        const ssize_t written = write(pipe_ends[1], bytes, order.bytes);
        answer = written < 0 ? -errno : written;
        break;
      }
      case Order::Kind::kFree:
        sfree(bytes);
        break;
      case Order::Kind::kMake: {
        auto* const made = static_cast<unsigned char*>(smalloc(order.bytes));
        if (made != nullptr) *made = static_cast<unsigned char>(order.value);
        answer = reinterpret_cast<intptr_t>(made);
        break;
      }
      case Order::Kind::kScribble:
        std::memset(bytes, order.value, order.bytes);
        break;
    }
    if (write(answers, &answer, sizeof answer) != sizeof answer) break;
  }
  _exit(0);
}

Partner::Partner() {
  int orders[2];
  int answers[2];
  support::Require(pipe(orders) == 0 && pipe(answers) == 0, "pipes to the partner");
  pid_ = fork();
  support::Require(pid_ >= 0, "a partner");
  if (pid_ == 0) {
    close(orders[1]);
    close(answers[0]);
    std::signal(SIGSEGV, SIG_DFL);
    std::signal(SIGBUS, SIG_DFL);
    Serve(orders[0], answers[1]);
  }
  close(orders[0]);
  close(answers[1]);
  orders_ = orders[1];
  answers_ = answers[0];
}

void Partner::Kill() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
  close(orders_);
  close(answers_);
}

intptr_t Partner::Tell(const Order& order) {
  intptr_t answer = -1;
  if (write(orders_, &order, sizeof order) != sizeof order) return -1;
  return read(answers_, &answer, sizeof answer) == sizeof answer ? answer : -1;
}

int Partner::Read(const volatile void* block) {
  return static_cast<int>(
      Tell({.kind = Order::Kind::kRead, .address = reinterpret_cast<uintptr_t>(block)}));
}

bool Partner::Write(volatile void* block, int value) {
  return Tell({.kind = Order::Kind::kWrite,
               .address = reinterpret_cast<uintptr_t>(block),
               .value = value}) == 0;
}

int Partner::PassToKernel(const void* block, size_t bytes) {
  return static_cast<int>(Tell({.kind = Order::Kind::kPassToKernel,
                                .address = reinterpret_cast<uintptr_t>(block),
                                .bytes = bytes}));
}

bool Partner::Free(void* block) {
  return Tell({.kind = Order::Kind::kFree, .address = reinterpret_cast<uintptr_t>(block)}) == 0;
}

void* Partner::Make(size_t bytes, int value) {
  return reinterpret_cast<void*>(
      Tell({.kind = Order::Kind::kMake, .bytes = bytes, .value = value}));
}

bool Partner::Scribble(void* base, size_t bytes) {
  constexpr int kValue = 0xa5;
  return Tell({.kind = Order::Kind::kScribble,
               .address = reinterpret_cast<uintptr_t>(base),
               .bytes = bytes,
               .value = kValue}) == 0;
}

}  // namespace shared
