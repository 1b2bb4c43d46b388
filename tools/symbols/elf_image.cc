#include "tools/symbols/elf_image.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <tuple>

namespace symbols {
namespace {

struct Elf32 {
  using Header = Elf32_Ehdr;
  using Section = Elf32_Shdr;
  using Symbol = Elf32_Sym;
};

struct Elf64 {
  using Header = Elf64_Ehdr;
  using Section = Elf64_Shdr;
  using Symbol = Elf64_Sym;
};

// `count` values of type T from `offset` on, copied because a file aligns nothing; nothing when
// they do not fit.
template <class T>
std::optional<std::vector<T>> ReadArray(std::string_view file, uint64_t offset, uint64_t count) {
  if (offset > file.size() || count > (file.size() - offset) / sizeof(T)) return std::nullopt;
  std::vector<T> values(count);
  if (count != 0) std::memcpy(values.data(), file.data() + offset, count * sizeof(T));
  return values;
}

std::string_view StringAt(std::string_view strings, uint64_t offset) {
  if (offset >= strings.size()) return {};
  const std::string_view rest = strings.substr(offset);
  return rest.substr(0, rest.find('\0'));
}

// The assembler's own marks: ARM's $a, $d and $t (ARM ELF ABI, "mapping symbols") and temporary
// labels.
bool IsAssemblerMark(std::string_view name) {
  return name.empty() || name.starts_with('$') || name.starts_with(".L");
}

template <class Symbol>
std::optional<TextSymbol> ToTextSymbol(const Symbol& symbol, std::string_view name, bool is_arm) {
  const int type = ELF32_ST_TYPE(symbol.st_info);  // The same bits in both widths.
  if ((type != STT_FUNC && type != STT_NOTYPE) || IsAssemblerMark(name)) return std::nullopt;
  const bool is_function = type == STT_FUNC;
  // Bit 0 of an ARM function's value says that it is Thumb code.
  const uint64_t thumb_bit = is_arm && is_function ? 1 : 0;
  return TextSymbol{
      .name = std::string(name),
      .address = symbol.st_value & ~thumb_bit,
      .size_bytes = symbol.st_size,
      .kind = is_function ? TextSymbol::Kind::kFunction : TextSymbol::Kind::kLabel,
      .binding = ELF32_ST_BIND(symbol.st_info) == STB_LOCAL ? TextSymbol::Binding::kLocal
                                                            : TextSymbol::Binding::kGlobal,
  };
}

template <class Elf>
void ReadSymbols(std::span<const typename Elf::Symbol> symbols, std::string_view strings,
                 std::span<const typename Elf::Section> sections, bool is_arm, ElfImage& image) {
  for (const auto& symbol : symbols) {
    const std::string_view name = StringAt(strings, symbol.st_name);
    if (name == "image_start") image.image_start = symbol.st_value;
    if (name == "image_text_limit") image.text_limit = symbol.st_value;
    const bool in_text = symbol.st_shndx < sections.size() &&
                         (sections[symbol.st_shndx].sh_flags & SHF_EXECINSTR) != 0;
    if (!in_text) continue;
    if (auto text = ToTextSymbol(symbol, name, is_arm)) image.text.push_back(std::move(*text));
  }
  std::ranges::sort(image.text, [](const TextSymbol& left, const TextSymbol& right) {
    return std::tie(left.address, left.name) < std::tie(right.address, right.name);
  });
}

template <class Elf>
std::expected<ElfImage, std::string> Read(std::string_view file) {
  const auto header = ReadArray<typename Elf::Header>(file, 0, 1);
  if (!header) return std::unexpected("is shorter than an ELF header");
  const auto& elf = header->front();
  const auto sections = ReadArray<typename Elf::Section>(file, elf.e_shoff, elf.e_shnum);
  if (!sections) return std::unexpected("has its section headers outside the file");
  const auto table = std::ranges::find(*sections, uint32_t{SHT_SYMTAB}, &Elf::Section::sh_type);
  if (table == sections->end()) return std::unexpected("has no symbol table");
  const auto symbols = ReadArray<typename Elf::Symbol>(
      file, table->sh_offset, table->sh_size / sizeof(typename Elf::Symbol));
  if (!symbols) return std::unexpected("has its symbol table outside the file");
  if (table->sh_link >= sections->size())
    return std::unexpected("has a symbol table without names");
  const auto& names = (*sections)[table->sh_link];
  if (names.sh_offset > file.size() || names.sh_size > file.size() - names.sh_offset) {
    return std::unexpected("has its symbols' names outside the file");
  }
  ElfImage image;
  ReadSymbols<Elf>(*symbols, file.substr(names.sh_offset, names.sh_size), *sections,
                   elf.e_machine == EM_ARM, image);
  return image;
}

}  // namespace

std::expected<ElfImage, std::string> ReadElf(std::string_view file) {
  if (file.size() < EI_NIDENT || !file.starts_with(ELFMAG))
    return std::unexpected("is not an ELF file");
  if (file[EI_DATA] != ELFDATA2LSB) return std::unexpected("is not little-endian");
  switch (file[EI_CLASS]) {
    case ELFCLASS32:
      return Read<Elf32>(file);
    case ELFCLASS64:
      return Read<Elf64>(file);
    default:
      return std::unexpected("is neither 32 nor 64 bits wide");
  }
}

}  // namespace symbols
