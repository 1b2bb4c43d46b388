// The smallest program of ours: C++ on musl, without a C++ run-time library.

#include <cstdint>
#include <cstdio>
#include <string_view>

namespace {

constexpr std::string_view kPlace = sizeof(void*) == 8 ? "64-bit" : "32-bit";

struct Greeting {
  std::string_view who;

  void Print() const {
    std::printf("hello from %.*s %.*s\n", static_cast<int>(kPlace.size()), kPlace.data(),
                static_cast<int>(who.size()), who.data());
  }
};

// Pointers in data: what the start-up of a static-PIE program has to relocate before main.
const Greeting greeting{"userspace"};
const Greeting* volatile greeting_pointer = &greeting;

}  // namespace

int main() {
  greeting_pointer->Print();
  return 0;
}
