// Builds the device trees that tests read.
#pragma once

#include <libfdt.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "kernel/base/check.h"

namespace arch::arm {

// Reservations first, then nodes in order, each within its parent's Begin() and End().
class TreeWriter {
 public:
  TreeWriter() { Must(fdt_create(bytes_.data(), kCapacity)); }

  void Reserve(uint64_t base, uint64_t size_bytes) {
    Must(fdt_add_reservemap_entry(bytes_.data(), base, size_bytes));
  }

  // The root has the empty name.
  void Begin(const char* name) {
    if (depth_++ == 0) Must(fdt_finish_reservemap(bytes_.data()));
    Must(fdt_begin_node(bytes_.data(), name));
  }

  void End() {
    Must(fdt_end_node(bytes_.data()));
    --depth_;
  }

  void Text(const char* name, const char* text) {
    Must(fdt_property_string(bytes_.data(), name, text));
  }

  void Cells(const char* name, std::initializer_list<uint32_t> cells) {
    Cells(name, std::span(cells.begin(), cells.size()));
  }

  void Cells(const char* name, std::span<const uint32_t> cells) {
    void* value = nullptr;
    const int size_bytes = static_cast<int>(cells.size() * sizeof(fdt32_t));
    Must(fdt_property_placeholder(bytes_.data(), name, size_bytes, &value));
    auto* next = static_cast<fdt32_t*>(value);
    for (const uint32_t cell : cells) fdt32_st(next++, cell);
  }

  void Bytes(const char* name, std::string_view bytes) {
    Must(fdt_property(bytes_.data(), name, bytes.data(), static_cast<int>(bytes.size())));
  }

  // The finished tree, which lives as long as the writer. To be called once.
  std::span<std::byte> Finish() {
    CHECK(depth_ == 0);
    Must(fdt_finish(bytes_.data()));
    return std::span(bytes_).first(fdt_totalsize(bytes_.data()));
  }

 private:
  static constexpr int kCapacity = 16384;

  static void Must(int error) { CHECK(error == 0); }

  int depth_ = 0;
  alignas(8) std::array<std::byte, kCapacity> bytes_{};
};

}  // namespace arch::arm
