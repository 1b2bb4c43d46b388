// What an application of the image may do, and what not: tried from user mode, as KTAP.
#pragma once

namespace applications {

// The number of tests that failed, at most 1.
int RunTrial(int argument_count, char** arguments);

}  // namespace applications
