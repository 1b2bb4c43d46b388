// Memory for the nodes of a tree or list: pieces of one size cut from whole pages, which go back as
// soon as nobody uses any piece of them.
//
// A block is 2^order pages: a header of one cache line, then nodes. The header keeps a bit for each
// node, so a free node is never touched, and a second free of it is noticed. With blocks of one
// page, node sizes that divide 4032 = 63 cache lines waste nothing (448, 576, 1344 bytes).
//
// An operation that needs several nodes reserves them first; it can then not stop half way. Nothing
// here locks: the owner's lock guards the pool.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/frames/page_source.h"

namespace mm {

class NodePool {
 public:
  // The line that a block spends on itself, and the alignment that nodes keep when their size has
  // it.
  static constexpr size_t kHeaderBytes = 64;
  static constexpr unsigned kMaxNodesPerBlock = 256;

  // Nodes that the pool is sure to have. Moves; gives up what was not taken.
  class Reservation {
   public:
    Reservation() = default;
    Reservation(Reservation&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), count_(std::exchange(other.count_, 0)) {}
    Reservation& operator=(Reservation&& other) noexcept;
    ~Reservation() {
      if (count_ != 0) Release();
    }

    // Contents are arbitrary. CHECKed: something is left.
    [[nodiscard]] void* Take();

    // What is left.
    [[nodiscard]] unsigned count() const { return count_; }

   private:
    friend class NodePool;
    Reservation(NodePool& pool, unsigned count) : pool_(&pool), count_(count) {}
    void Release();

    NodePool* pool_ = nullptr;
    unsigned count_ = 0;
  };

  // `node_bytes` is a multiple of 8; a block of 2^order pages holds at least one node and at most
  // kMaxNodesPerBlock (CHECKed).
  NodePool(PageSource& source, size_t node_bytes, unsigned order = 0);
  NodePool(const NodePool&) = delete;
  NodePool& operator=(const NodePool&) = delete;
  // Every reservation is gone; nodes in use go with the pool.
  ~NodePool() { Clear(); }

  // One node; contents are arbitrary. Error: kOutOfMemory. O(1).
  [[nodiscard]] base::Result<void*> Allocate();

  // Error: kOutOfMemory, and the pool is as before. O(count) at worst.
  [[nodiscard]] base::Result<Reservation> Reserve(unsigned count);

  // What Allocate() or Take() gave. CHECKed: a node of this pool that is in use. O(1).
  void Free(void* node);

  // Frees all nodes at once and gives all pages back. O(pages). CHECKed: nothing is reserved.
  void Clear();

  [[nodiscard]] size_t node_bytes() const { return node_bytes_; }
  [[nodiscard]] size_t nodes_in_use() const { return nodes_in_use_; }
  [[nodiscard]] size_t blocks() const { return blocks_; }
  [[nodiscard]] unsigned nodes_per_block() const { return nodes_per_block_; }
  // What the pool holds of its source.
  [[nodiscard]] size_t bytes() const { return blocks_ * block_bytes_; }

  // Counts and lists agree, and no page is kept that nobody needs. Error: kCorrupt. O(blocks).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  static constexpr unsigned kBitsPerRow = 64;
  static constexpr unsigned kRows = kMaxNodesPerBlock / kBitsPerRow;

  struct alignas(kHeaderBytes) Block {
    Block* next;
    Block* previous;
    const NodePool* owner;
    uint32_t free_nodes;
    std::array<uint64_t, kRows> free;  // a bit set: that node is free
  };
  static_assert(sizeof(Block) == kHeaderBytes);

  class List {
   public:
    [[nodiscard]] Block* first() const { return first_; }
    void Push(Block& block);
    void Remove(Block& block);

   private:
    Block* first_ = nullptr;
  };

  [[nodiscard]] size_t free_nodes() const { return blocks_ * nodes_per_block_ - nodes_in_use_; }
  [[nodiscard]] Block& BlockOf(const void* node) const;
  [[nodiscard]] unsigned IndexOf(const Block& block, const void* node) const;
  [[nodiscard]] List& ListFor(const Block& block);
  [[nodiscard]] base::Result<> AddBlock();
  [[nodiscard]] void* TakeNode();
  void GiveBackEmptyBlocks();
  void GiveBack(List& list);
  [[nodiscard]] base::Result<unsigned> CheckBlock(const Block& block, const List& list,
                                                  const Block* previous) const;

  PageSource& source_;
  size_t node_bytes_;
  size_t block_bytes_;
  unsigned order_;
  unsigned nodes_per_block_;
  size_t nodes_in_use_ = 0;
  size_t reserved_ = 0;
  size_t blocks_ = 0;
  List full_;
  List partly_used_;
  List empty_;  // blocks kept for reservations
};

}  // namespace mm
