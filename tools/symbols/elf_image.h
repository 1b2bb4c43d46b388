#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace symbols {

// A symbol whose address lies in an executable section.
struct TextSymbol {
  std::string name;  // as the linker knows it
  uint64_t address;
  uint64_t size_bytes;  // 0 for most labels of assembly files
  enum class Kind { kLabel, kFunction } kind;
  enum class Binding { kLocal, kGlobal } binding;

  bool operator==(const TextSymbol&) const = default;
};

// What the symbol table of a linked little-endian ELF file, 32 or 64 bits wide, says.
struct ElfImage {
  std::vector<TextSymbol> text;         // by address, then by name
  std::optional<uint64_t> image_start;  // the linker script's symbol of this name
  std::optional<uint64_t> text_limit;   // image_text_limit: one past the last byte of the text
};

// Reads `file`, the bytes of an ELF file; the error says what is wrong with it.
std::expected<ElfImage, std::string> ReadElf(std::string_view file);

}  // namespace symbols
