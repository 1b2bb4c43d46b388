// Writes the device tree of each case to DIRECTORY/<case>.dtb: make_device_tree TREE DIRECTORY.
//
// TREE is QEMU's own for the board; each case spoils it in one way.
#include <libfdt.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "testing/boot/hostile/write_file.h"

namespace {

using Tree = std::vector<char>;

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kRam = 0x40000000;
// For what a case adds to a tree.
constexpr size_t kRoomBytes = 4096;
constexpr uint64_t kTop = 0xffff'ffff'ffff'f000;

struct Bank {
  uint64_t base;
  uint64_t size_bytes;
};

[[noreturn]] void Die(std::string_view what, int error) {
  std::fprintf(stderr, "make_device_tree: %.*s: %s\n", static_cast<int>(what.size()), what.data(),
               fdt_strerror(error));
  std::exit(1);
}

void Must(std::string_view what, int error) {
  if (error != 0) Die(what, error);
}

int FindMemory(const Tree& tree) {
  constexpr char kType[] = "memory";
  const int node =
      fdt_node_offset_by_prop_value(tree.data(), -1, "device_type", kType, sizeof(kType));
  if (node < 0) Die("memory node", node);
  return node;
}

// QEMU's root node has two cells for an address and two for a size.
void SetMemory(Tree& tree, const std::vector<Bank>& banks) {
  const int node = FindMemory(tree);
  Must("reg", fdt_setprop(tree.data(), node, "reg", nullptr, 0));
  for (const Bank& bank : banks) {
    Must("base", fdt_appendprop_u64(tree.data(), node, "reg", bank.base));
    Must("size", fdt_appendprop_u64(tree.data(), node, "reg", bank.size_bytes));
  }
}

void SpoilMagic(Tree& tree) { fdt_set_magic(tree.data(), 0xdeadbeef); }

void ClaimTooMuch(Tree& tree) { fdt_set_totalsize(tree.data(), 0x7fffffff); }

// An unknown tag where the first property should be.
void SpoilStructure(Tree& tree) {
  const size_t place = fdt_off_dt_struct(tree.data()) + 2 * FDT_TAGSIZE;
  std::memset(tree.data() + place, 0x5a, FDT_TAGSIZE);
}

void CutStructure(Tree& tree) { fdt_set_size_dt_struct(tree.data(), 64); }

void RemoveMemory(Tree& tree) { Must("remove", fdt_del_node(tree.data(), FindMemory(tree))); }

void ShortenReg(Tree& tree) {
  Must("reg", fdt_setprop_u32(tree.data(), FindMemory(tree), "reg", kRam));
}

struct Case {
  std::string_view name;
  void (*spoil)(Tree& tree);
};

constexpr Case kCases[] = {
    {"sound", [](Tree&) {}},
    {"bad_magic", SpoilMagic},
    {"too_long", ClaimTooMuch},
    {"broken", SpoilStructure},
    {"cut", CutStructure},
    {"no_memory", RemoveMemory},
    {"short_reg", ShortenReg},
    {"zero_length", [](Tree& tree) { SetMemory(tree, {{kRam, 0}}); }},
    {"wrapping", [](Tree& tree) { SetMemory(tree, {{kRam, 512 * kMiB}, {kTop, 64 * kMiB}}); }},
    {"overlapping",
     [](Tree& tree) { SetMemory(tree, {{kRam, 512 * kMiB}, {kRam + 256 * kMiB, kMiB}}); }},
    {"unsorted",
     [](Tree& tree) { SetMemory(tree, {{kRam + 256 * kMiB, 256 * kMiB}, {kRam, 256 * kMiB}}); }},
    {"too_little", [](Tree& tree) { SetMemory(tree, {{kRam, 8 * kMiB}}); }},
};

// QEMU's own tree is a megabyte, most of it empty.
Tree ReadTree(const char* path) {
  Tree tree(2 * kMiB);
  std::FILE* const file = std::fopen(path, "rb");
  if (file == nullptr) {
    std::perror(path);
    std::exit(1);
  }
  const size_t size = std::fread(tree.data(), 1, tree.size(), file);
  std::fclose(file);
  Must("input", fdt_check_full(tree.data(), size));
  return tree;
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 3) {
    std::fprintf(stderr, "usage: make_device_tree TREE DIRECTORY\n");
    return 2;
  }
  const Tree original = ReadTree(arguments[1]);
  for (const Case& one : kCases) {
    Tree tree = original;
    Must("pack", fdt_pack(tree.data()));
    const size_t size = fdt_totalsize(tree.data()) + kRoomBytes;
    Must("open", fdt_open_into(tree.data(), tree.data(), static_cast<int>(size)));
    one.spoil(tree);
    WriteFile(std::string(arguments[2]) + "/" + std::string(one.name) + ".dtb",
              {tree.data(), size});
  }
  return 0;
}
