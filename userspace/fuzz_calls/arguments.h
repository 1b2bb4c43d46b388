#pragma once

#include <cstddef>
#include <cstdint>

#include "userspace/calls/call_form.h"
#include "userspace/fuzz_calls/random.h"

namespace fuzz {

// Makes arguments: a wrong one now and then wherever a kernel has to look. They lead to a piece of
// memory that is there to be broken, to names in the current directory, and to nothing.
class Arguments {
 public:
  explicit Arguments(Random& random);

  long Make(const calls::Argument& argument);

 private:
  long Address();
  long Size();
  long File();
  long Path();
  long Number();
  long ShortTime(size_t bytes);

  Random& random_;
  char* arena_;
};

}  // namespace fuzz
