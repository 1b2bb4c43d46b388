// symbol_table: the two steps around the second link of a kernel image (kernel/image.bzl).
//
//   symbol_table emit ELF ASSEMBLY    writes the symbol table of ELF, an image's first link, as an
//   assembly file symbol_table check FIRST SECOND OUT    copies SECOND to OUT if the text is where
//   FIRST, which the table was made
//                                          from, has it

#include <cstdio>
#include <cstdlib>
#include <expected>
#include <fstream>
#include <iterator>
#include <span>
#include <string>

#include "tools/symbols/elf_image.h"
#include "tools/symbols/table.h"

namespace {

constexpr int kUsageError = 2;

[[noreturn]] void Fail(const std::string& file, const std::string& problem) {
  std::fprintf(stderr, "symbol_table: %s: %s\n", file.c_str(), problem.c_str());
  std::exit(EXIT_FAILURE);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) Fail(path, "cannot be read");
  return bytes;
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  if (!file) Fail(path, "cannot be written");
}

template <class T>
T OrFail(std::expected<T, std::string> result, const std::string& file) {
  if (!result) Fail(file, result.error());
  return std::move(*result);
}

void Emit(const std::string& elf, const std::string& assembly) {
  const symbols::ElfImage image = OrFail(symbols::ReadElf(ReadFile(elf)), elf);
  WriteFile(assembly, symbols::ToAssembly(OrFail(symbols::MakeTable(image), elf)));
}

void Check(const std::string& first, const std::string& second, const std::string& out) {
  const std::string bytes = ReadFile(second);
  const symbols::ElfImage before = OrFail(symbols::ReadElf(ReadFile(first)), first);
  const symbols::ElfImage after = OrFail(symbols::ReadElf(bytes), second);
  if (const auto same = symbols::CheckSameText(before, after); !same) {
    Fail(second, "linking the symbol table moved the text: " + same.error());
  }
  WriteFile(out, bytes);
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<size_t>(argc));
  const std::string_view command = argc > 1 ? arguments[1] : "";
  if (command == "emit" && argc == 4) {
    Emit(arguments[2], arguments[3]);
  } else if (command == "check" && argc == 5) {
    Check(arguments[2], arguments[3], arguments[4]);
  } else {
    std::fputs("usage: symbol_table emit ELF ASSEMBLY | check FIRST SECOND OUT\n", stderr);
    return kUsageError;
  }
}
