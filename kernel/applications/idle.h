// A process that is there.
#pragma once

namespace applications {

// Takes a little heap and stack, says that it is there with a byte of output, and ends with its
// input. A status other than 0: it has met memory of somebody else's.
int Idle(int argument_count, char** arguments);

// The same with as little as there is: no heap, and a page with the stack and the copy above it.
int Bare(int argument_count, char** arguments);

}  // namespace applications
