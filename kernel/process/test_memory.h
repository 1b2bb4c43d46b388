// Memory for tests: a fixed store that counts, and can run out.
#pragma once

#include <array>
#include <cstddef>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/fs/object.h"

namespace process {

// Blocks of one size each.
template <size_t kBlocks, size_t kBlockBytes>
class TestMemory final : public fs::Memory {
 public:
  base::Result<void*> Allocate(size_t bytes) override {
    CHECK(bytes <= kBlockBytes);
    if (used_ >= limit_) return std::unexpected(base::Error::kOutOfMemory);
    for (Block& block : blocks_) {
      if (block.is_used) continue;
      block.is_used = true;
      ++used_;
      return block.bytes.data();
    }
    return std::unexpected(base::Error::kOutOfMemory);
  }
  void Free(void* pointer) override {
    if (pointer == nullptr) return;
    for (Block& block : blocks_) {
      if (block.bytes.data() != pointer) continue;
      CHECK(block.is_used);
      block.is_used = false;
      --used_;
      return;
    }
    CHECK(false);
  }

  [[nodiscard]] size_t used() const { return used_; }
  void SetLimit(size_t limit) { limit_ = limit; }

 private:
  struct Block {
    alignas(16) std::array<std::byte, kBlockBytes> bytes;
    bool is_used = false;
  };
  std::array<Block, kBlocks> blocks_{};
  size_t used_ = 0;
  size_t limit_ = kBlocks;
};

}  // namespace process
