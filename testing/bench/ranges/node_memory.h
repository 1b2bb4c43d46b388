// Where the contenders' nodes lie: memory in 2 MiB pages, as a kernel's direct map gives it, the
// same for all of them. Blocks of one size are reused last in, first out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernel/base/result.h"
#include "kernel/mm/frames/page_source.h"

namespace bench {

class NodeMemory {
 public:
  NodeMemory() = default;
  NodeMemory(const NodeMemory&) = delete;
  NodeMemory& operator=(const NodeMemory&) = delete;
  ~NodeMemory();

  [[nodiscard]] void* Allocate(size_t bytes);
  void Free(void* block, size_t bytes);

  // In use; what the contender asked for, rounded up to a multiple of 16 bytes.
  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kGrain = 16;
  static constexpr size_t kLargest = 8192;
  static constexpr size_t kChunk = size_t{2} << 20;

  struct FreeBlock {
    FreeBlock* next;
  };
  struct Chunk {
    Chunk* next;
  };

  static size_t RoundUp(size_t bytes) { return (bytes + kGrain - 1) / kGrain * kGrain; }
  void AddChunk(size_t alignment);

  std::array<FreeBlock*, kLargest / kGrain + 1> free_ = {};
  Chunk* chunks_ = nullptr;
  std::byte* next_ = nullptr;
  size_t left_ = 0;
  size_t bytes_ = 0;
};

// For containers of the standard's shape.
template <class T>
class NodeAllocator {
 public:
  using value_type = T;

  explicit NodeAllocator(NodeMemory& memory) : memory_(&memory) {}
  template <class Other>
  NodeAllocator(
      const NodeAllocator<Other>& other)  // NOLINT(google-explicit-constructor): rebinding
      : memory_(&other.memory()) {}

  [[nodiscard]] T* allocate(size_t count) {
    return static_cast<T*>(memory_->Allocate(count * sizeof(T)));
  }
  void deallocate(T* block, size_t count) { memory_->Free(block, count * sizeof(T)); }

  [[nodiscard]] NodeMemory& memory() const { return *memory_; }
  friend bool operator==(const NodeAllocator&, const NodeAllocator&) = default;

 private:
  NodeMemory* memory_;
};

// For ours.
class NodePages final : public mm::PageSource {
 public:
  [[nodiscard]] base::Result<void*> AllocatePages(unsigned order) override;
  void FreePages(void* pages, unsigned order) override;

 private:
  NodeMemory memory_;
};

}  // namespace bench
