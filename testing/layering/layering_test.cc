// Every source and BUILD file of the repository against the rules of layer_rules.h:
//   layering_test EXCEPTIONS SOURCE_TREE
// The source tree lists all files, whether or not a BUILD file names them.
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "testing/layering/layer_rules.h"

namespace {

namespace fs = std::filesystem;
using layering::Exceptions;
using layering::Fault;

// Fewer files mean that the tree was not found where it should be.
constexpr size_t kFewestFiles = 50;

struct Outcome {
  size_t files = 0;
  std::vector<Fault> faults;
};

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Lines "path number reason"; '#' starts a comment.
Exceptions ReadExceptions(const fs::path& path) {
  Exceptions exceptions;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string source;
    std::string number;
    std::string reason;
    if (!(words >> source) || source.starts_with('#')) continue;
    if (words >> number >> reason) exceptions.emplace(source, number);
  }
  return exceptions;
}

template <class Check>
void ForEachFile(const fs::path& root, Outcome& outcome, Check check) {
  std::error_code error;
  const auto options = fs::directory_options::follow_directory_symlink;
  for (fs::recursive_directory_iterator file(root, options, error), none; file != none;
       file.increment(error)) {
    if (error || file->is_directory()) continue;
    ++outcome.files;
    const std::vector<Fault> faults =
        check(file->path().lexically_relative(root), ReadFile(file->path()));
    outcome.faults.insert(outcome.faults.end(), faults.begin(), faults.end());
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 3) return 2;
  const Exceptions exceptions = ReadExceptions(arguments[1]);
  const fs::path tree = arguments[2];
  Exceptions used;
  Outcome outcome;
  for (const char* const kind : {"cpp", "machine"}) {
    ForEachFile(tree / kind, outcome, [&](const fs::path& path, const std::string& text) {
      if (path.filename().string().starts_with('.')) return std::vector<Fault>();
      return layering::CheckSource(path.generic_string(), text, exceptions, used);
    });
  }
  const std::string kernel_build_file = ReadFile(tree / "starlark/kernel/package.BUILD");
  ForEachFile(tree / "starlark", outcome, [&](const fs::path& path, const std::string& text) {
    if (path.filename() != "package.BUILD") return std::vector<Fault>();
    const std::string package = path.parent_path().generic_string();
    std::vector<Fault> faults = layering::CheckBuildFile(package, text);
    faults.append_range(layering::CheckUnitTests(package, text, kernel_build_file));
    return faults;
  });
  for (const auto& [path, number] : exceptions) {
    if (!used.contains({path, number})) {
      outcome.faults.push_back({path, 0, number + " needs no exception any more"});
    }
  }
  for (const Fault& fault : outcome.faults) {
    std::printf("%s:%d: %s\n", fault.path.c_str(), fault.line, fault.what.c_str());
  }
  std::printf("%zu files, %zu faults\n", outcome.files, outcome.faults.size());
  return outcome.faults.empty() && outcome.files >= kFewestFiles ? 0 : 1;
}
