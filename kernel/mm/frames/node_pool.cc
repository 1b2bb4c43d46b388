#include "kernel/mm/frames/node_pool.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <new>
#include <utility>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"

namespace mm {

NodePool::Reservation& NodePool::Reservation::operator=(Reservation&& other) noexcept {
  if (this != &other) {
    Release();
    pool_ = std::exchange(other.pool_, nullptr);
    count_ = std::exchange(other.count_, 0);
  }
  return *this;
}

void* NodePool::Reservation::Take() {
  CHECK(count_ != 0);
  --count_;
  --pool_->reserved_;
  return pool_->TakeNode();
}

void NodePool::Reservation::Release() {
  if (pool_ == nullptr) return;
  pool_->reserved_ -= std::exchange(count_, 0);
  std::exchange(pool_, nullptr)->GiveBackEmptyBlocks();
}

void NodePool::List::Push(Block& block) {
  block.next = first_;
  block.previous = nullptr;
  if (first_ != nullptr) first_->previous = &block;
  first_ = &block;
}

void NodePool::List::Remove(Block& block) {
  if (block.next != nullptr) block.next->previous = block.previous;
  if (block.previous != nullptr) {
    block.previous->next = block.next;
  } else {
    first_ = block.next;
  }
}

NodePool::NodePool(PageSource& source, size_t node_bytes, unsigned order)
    : source_(source),
      node_bytes_(node_bytes),
      block_bytes_(size_t{kPageSize} << order),
      order_(order),
      nodes_per_block_(static_cast<unsigned>((block_bytes_ - kHeaderBytes) / node_bytes)) {
  CHECK(node_bytes % alignof(uint64_t) == 0);
  CHECK(nodes_per_block_ >= 1 && nodes_per_block_ <= kMaxNodesPerBlock);
}

NodePool::List& NodePool::ListFor(const Block& block) {
  if (block.free_nodes == 0) return full_;
  return block.free_nodes == nodes_per_block_ ? empty_ : partly_used_;
}

NodePool::Block& NodePool::BlockOf(const void* node) const {
  const uintptr_t mask = ~static_cast<uintptr_t>(block_bytes_ - 1);
  return *reinterpret_cast<Block*>(reinterpret_cast<uintptr_t>(node) & mask);
}

unsigned NodePool::IndexOf(const Block& block, const void* node) const {
  const size_t offset =
      reinterpret_cast<uintptr_t>(node) - reinterpret_cast<uintptr_t>(&block) - kHeaderBytes;
  const size_t index = offset / node_bytes_;
  CHECK(index < nodes_per_block_ && index * node_bytes_ == offset);
  return static_cast<unsigned>(index);
}

base::Result<> NodePool::AddBlock() {
  Block* const block = new (TRY(source_.AllocatePages(order_))) Block{};
  block->owner = this;
  block->free_nodes = nodes_per_block_;
  for (unsigned row = 0; row < kRows; ++row) {
    const unsigned before = row * kBitsPerRow;
    const unsigned nodes = nodes_per_block_ > before ? nodes_per_block_ - before : 0;
    block->free[row] = base::LowBits(std::min(nodes, kBitsPerRow));
  }
  empty_.Push(*block);
  ++blocks_;
  return {};
}

// Somebody made sure that there is one: used blocks first, so that others become empty.
void* NodePool::TakeNode() {
  List& from = partly_used_.first() != nullptr ? partly_used_ : empty_;
  CHECK(from.first() != nullptr);
  Block& block = *from.first();
  unsigned row = 0;
  while (block.free[row] == 0) ++row;
  const unsigned index =
      row * kBitsPerRow + static_cast<unsigned>(std::countr_zero(block.free[row]));
  block.free[row] &= block.free[row] - 1;
  --block.free_nodes;
  ++nodes_in_use_;
  if (List& to = ListFor(block); &to != &from) {
    from.Remove(block);
    to.Push(block);
  }
  return reinterpret_cast<std::byte*>(&block) + kHeaderBytes + index * node_bytes_;
}

base::Result<void*> NodePool::Allocate() {
  if (free_nodes() == reserved_) TRY(AddBlock());
  return TakeNode();
}

base::Result<NodePool::Reservation> NodePool::Reserve(unsigned count) {
  while (free_nodes() - reserved_ < count) {
    const auto added = AddBlock();
    if (!added) {
      GiveBackEmptyBlocks();
      return std::unexpected(added.error());
    }
  }
  reserved_ += count;
  return Reservation(*this, count);
}

void NodePool::Free(void* node) {
  Block& block = BlockOf(node);
  CHECK(block.owner == this);
  const unsigned index = IndexOf(block, node);
  uint64_t& row = block.free[index / kBitsPerRow];
  const uint64_t bit = base::Bit(index % kBitsPerRow);
  CHECK((row & bit) == 0);
  List& from = ListFor(block);
  row |= bit;
  ++block.free_nodes;
  --nodes_in_use_;
  if (List& to = ListFor(block); &to != &from) {
    from.Remove(block);
    to.Push(block);
  }
  GiveBackEmptyBlocks();
}

// All of them but those that reservations need.
void NodePool::GiveBackEmptyBlocks() {
  while (empty_.first() != nullptr && free_nodes() - reserved_ >= nodes_per_block_) {
    Block& block = *empty_.first();
    empty_.Remove(block);
    --blocks_;
    source_.FreePages(&block, order_);
  }
}

void NodePool::Clear() {
  CHECK(reserved_ == 0);
  GiveBack(full_);
  GiveBack(partly_used_);
  GiveBack(empty_);
  nodes_in_use_ = 0;
}

void NodePool::GiveBack(List& list) {
  while (list.first() != nullptr) {
    Block& block = *list.first();
    list.Remove(block);
    --blocks_;
    source_.FreePages(&block, order_);
  }
}

base::Result<> NodePool::CheckInvariants() const {
  size_t free = 0;
  size_t blocks = 0;
  for (const List* list : {&full_, &partly_used_, &empty_}) {
    const Block* previous = nullptr;
    for (const Block* block = list->first(); block != nullptr; block = block->next) {
      free += TRY(CheckBlock(*block, *list, previous));
      previous = block;
      ++blocks;
    }
  }
  const bool counts_agree = blocks == blocks_ && free == free_nodes();
  const bool is_reserved = reserved_ <= free;
  const bool keeps_too_much =
      empty_.first() != nullptr && is_reserved && free - reserved_ >= nodes_per_block_;
  if (!counts_agree || !is_reserved || keeps_too_much) {
    return std::unexpected(base::Error::kCorrupt);
  }
  return {};
}

// The free nodes of a block.
base::Result<unsigned> NodePool::CheckBlock(const Block& block, const List& list,
                                            const Block* previous) const {
  unsigned free = 0;
  for (const uint64_t row : block.free) free += static_cast<unsigned>(std::popcount(row));
  const List& right_list = free == 0 ? full_ : free == nodes_per_block_ ? empty_ : partly_used_;
  if (block.owner != this || block.previous != previous || free != block.free_nodes ||
      &right_list != &list) {
    return std::unexpected(base::Error::kCorrupt);
  }
  return free;
}

}  // namespace mm
