#pragma once

#include <cstddef>
#include <cstdint>

#include "userspace/fuzz_calls/calls.h"
#include "userspace/fuzz_calls/random.h"

namespace fuzz {

// Makes arguments. They lead to a piece of memory that is there to be broken, to names in the
// current directory, and to nothing.
class Arguments {
 public:
  explicit Arguments(Random& random);

  long Make(Kind kind);

 private:
  long Address();
  long Size();
  long Path();
  long Number();
  long ShortTime();

  Random& random_;
  char* arena_;
};

}  // namespace fuzz
