// Adds one to the largest int.

#include <limits>

namespace {

int AddToLargest(int increment) { return std::numeric_limits<int>::max() + increment; }

}  // namespace

int main(int argc, char**) { return AddToLargest(argc); }
