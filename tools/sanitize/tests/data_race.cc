// Two threads count without a lock.

#include <thread>

namespace {

int counter = 0;

void Count() {
  for (int i = 0; i < 1000; ++i) ++counter;
}

}  // namespace

int main() {
  std::thread other(Count);
  Count();
  other.join();
}
