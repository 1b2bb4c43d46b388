// Who may include whom, who may know which architecture it runs on, and who may write down an
// address of a layout.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace layering {

struct Fault {
  std::string path;
  int line;
  std::string what;
};

// Literals that are no address of a layout although they look like one: {path, number as 0x...}.
using Exceptions = std::set<std::pair<std::string, std::string>>;

// Checks one C, C++, assembly or linker file; `path` is from the repository's root. Exceptions that
// were needed are added to `used`.
std::vector<Fault> CheckSource(std::string_view path, std::string_view text,
                               const Exceptions& exceptions, Exceptions& used);

// Checks the labels in the BUILD file of `package`.
std::vector<Fault> CheckBuildFile(std::string_view package, std::string_view text);

// Every mm_test in the BUILD file of `package` must run in the kernels too: the text of
// kernel/BUILD.bazel lists it.
std::vector<Fault> CheckUnitTests(std::string_view package, std::string_view text,
                                  std::string_view kernel_build_file);

}  // namespace layering
