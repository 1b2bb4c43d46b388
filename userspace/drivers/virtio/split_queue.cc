#include "userspace/drivers/virtio/split_queue.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <limits>

#include "kernel/base/check.h"

namespace drivers::virtio {
namespace {

using base::Error;

// 2.7.5: descriptor flags.
constexpr uint16_t kDescriptorNext = 1;
constexpr uint16_t kDescriptorWrite = 2;

// 2.7.6, 2.7.8: of both rings, from their beginning.
constexpr size_t kIndexOffset = 2;

// Virtio is little-endian (1.4), and so are all our processors.
static_assert(std::endian::native == std::endian::little);

uint64_t SumOf(std::span<const Buffer> buffers) {
  uint64_t sum = 0;
  for (const Buffer& buffer : buffers) sum += buffer.size_bytes;
  return sum;
}

bool HasEmpty(std::span<const Buffer> buffers) {
  return std::ranges::any_of(buffers, [](const Buffer& buffer) { return buffer.size_bytes == 0; });
}

}  // namespace

base::Result<SplitQueue> SplitQueue::Make(const DmaMemory& memory, uint16_t descriptors) {
  if (!std::has_single_bit(descriptors) || descriptors > kMaxDescriptors) {
    return std::unexpected(Error::kInvalidArgument);
  }
  const auto base = reinterpret_cast<uintptr_t>(memory.bytes.data());
  if (base % kAlignment != 0 || memory.device_address % kAlignment != 0) {
    return std::unexpected(Error::kNotAligned);
  }
  if (memory.bytes.size() < BytesFor(descriptors)) return std::unexpected(Error::kOutOfMemory);
  SplitQueue queue;
  queue.memory_ = memory;
  queue.count_ = descriptors;
  queue.free_count_ = descriptors;
  queue.first_free_ = 0;
  for (uint16_t i = 0; i + 1 < descriptors; ++i) {
    queue.slots_[i].next = static_cast<uint16_t>(i + 1);
  }
  return queue;
}

QueueAddresses SplitQueue::addresses() const {
  return {.descriptors = memory_.device_address,
          .available = memory_.device_address + AvailableOffset(count_),
          .used = memory_.device_address + UsedOffset(count_)};
}

base::Result<uint16_t> SplitQueue::Add(std::span<const Buffer> readable,
                                       std::span<const Buffer> writable) {
  if (broken_) return std::unexpected(Error::kCorrupt);
  const size_t total = readable.size() + writable.size();
  const uint64_t writable_bytes = SumOf(writable);
  // 2.7.5.2: a chain is at most 2^32 bytes, empty descriptors are of no use.
  if (total == 0 || HasEmpty(readable) || HasEmpty(writable) ||
      SumOf(readable) + writable_bytes > std::numeric_limits<uint32_t>::max()) {
    return std::unexpected(Error::kInvalidArgument);
  }
  if (total > free_count_) return std::unexpected(Error::kOutOfMemory);

  const uint16_t head = first_free_;
  uint16_t index = head;
  for (size_t i = 0; i < total; ++i) {
    const bool is_writable = i >= readable.size();
    const bool is_last = i + 1 == total;
    const Buffer& buffer = is_writable ? writable[i - readable.size()] : readable[i];
    const uint16_t next = slots_[index].next;
    const unsigned flags = (is_writable ? kDescriptorWrite : 0U) | (is_last ? 0U : kDescriptorNext);
    WriteDescriptor(index, buffer, static_cast<uint16_t>(flags), is_last ? uint16_t{0} : next);
    if (is_last) {
      first_free_ = next;
      slots_[index].next = kNone;
    }
    index = next;
  }
  slots_[head].chain_length = static_cast<uint16_t>(total);
  slots_[head].writable_bytes = static_cast<uint32_t>(writable_bytes);
  free_count_ = static_cast<uint16_t>(free_count_ - total);
  ++offered_;

  const size_t ring = AvailableOffset(count_);
  const size_t entry = available_index_ % count_;
  Store<uint16_t>(ring + kRingHead + entry * kAvailableEntry, head);
  // 2.7.13: the entry is there before the index says so, and the index before the notification.
  // Fences between processors suffice while VIRTIO_F_ORDER_PLATFORM is not negotiated (6.).
  std::atomic_thread_fence(std::memory_order_release);
  ++available_index_;
  Store<uint16_t>(ring + kIndexOffset, available_index_);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return head;
}

base::Result<std::optional<UsedChain>> SplitQueue::Take() {
  if (broken_) return std::unexpected(Error::kCorrupt);
  const size_t ring = UsedOffset(count_);
  const auto waiting = static_cast<uint16_t>(Load<uint16_t>(ring + kIndexOffset) - used_index_);
  if (waiting == 0) return std::nullopt;
  if (waiting > offered_) return Break();
  std::atomic_thread_fence(std::memory_order_acquire);
  const size_t entry = ring + kRingHead + (used_index_ % count_) * kUsedEntry;
  const auto id = Load<uint32_t>(entry);
  const auto written_bytes = Load<uint32_t>(entry + sizeof(uint32_t));
  if (id >= count_ || slots_[id].chain_length == 0) return Break();
  if (written_bytes > slots_[id].writable_bytes) return Break();
  const auto head = static_cast<uint16_t>(id);
  Release(head);
  ++used_index_;
  return UsedChain{head, written_bytes};
}

void SplitQueue::Release(uint16_t head) {
  uint16_t last = head;
  while (slots_[last].next != kNone) last = slots_[last].next;
  free_count_ = static_cast<uint16_t>(free_count_ + slots_[head].chain_length);
  slots_[last].next = first_free_;
  first_free_ = head;
  slots_[head].chain_length = 0;
  slots_[head].writable_bytes = 0;
  --offered_;
}

std::unexpected<base::Error> SplitQueue::Break() {
  broken_ = true;
  return std::unexpected(Error::kCorrupt);
}

void SplitQueue::WriteDescriptor(uint16_t index, const Buffer& buffer, uint16_t flags,
                                 uint16_t next) {
  const size_t offset = index * kDescriptor;
  Store<uint64_t>(offset, buffer.device_address);
  Store<uint32_t>(offset + 8, buffer.size_bytes);
  Store<uint16_t>(offset + 12, flags);
  Store<uint16_t>(offset + 14, next);
}

template <class Value>
volatile Value* SplitQueue::At(size_t offset) const {
  return reinterpret_cast<volatile Value*>(memory_.bytes.data() + offset);
}

template <class Value>
void SplitQueue::Store(size_t offset, Value value) {
  *At<Value>(offset) = value;
}

template <class Value>
Value SplitQueue::Load(size_t offset) const {
  return *At<Value>(offset);
}

void SplitQueue::CheckInvariants() const {
  std::array<bool, kMaxDescriptors> seen{};
  uint32_t in_chains = 0;
  uint32_t chains = 0;
  const auto walk = [&](uint16_t first) {
    uint32_t length = 0;
    for (uint16_t i = first; i != kNone; i = slots_[i].next) {
      CHECK(i < count_ && !seen[i]);
      seen[i] = true;
      ++length;
    }
    return length;
  };
  CHECK(walk(first_free_) == free_count_);
  for (uint16_t head = 0; head < count_; ++head) {
    if (slots_[head].chain_length == 0) continue;
    CHECK(walk(head) == slots_[head].chain_length);
    in_chains += slots_[head].chain_length;
    ++chains;
  }
  CHECK(chains == offered_);
  CHECK(in_chains + free_count_ == count_);
}

}  // namespace drivers::virtio
