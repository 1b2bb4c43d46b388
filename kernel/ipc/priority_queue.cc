#include "kernel/ipc/priority_queue.h"

#include <algorithm>
#include <new>

#include "kernel/base/check.h"

namespace ipc {

PriorityQueue::PriorityQueue(std::byte* memory, const QueueShape& shape)
    : shape_(shape),
      entries_(new(memory) Entry[shape.messages]),
      slots_(memory + size_t{shape.messages} * sizeof(Entry)) {
  for (uint32_t slot = 0; slot < shape.messages; ++slot) {
    entries_[slot] = {.sequence = 0, .priority = 0, .slot = slot, .bytes = 0};
  }
}

std::span<std::byte> PriorityQueue::room() {
  CHECK(!IsFull());
  return {SlotOf(entries_[count_]), shape_.message_bytes};
}

void PriorityQueue::Push(uint32_t bytes, uint32_t priority) {
  CHECK(!IsFull() && bytes <= shape_.message_bytes);
  Entry& entry = entries_[count_++];
  entry.sequence = next_sequence_++;
  entry.priority = priority;
  entry.bytes = bytes;
  std::push_heap(entries_, entries_ + count_, IsAfter);
}

PriorityQueue::Message PriorityQueue::front() const {
  CHECK(!IsEmpty());
  return {.bytes = {SlotOf(*entries_), entries_->bytes}, .priority = entries_->priority};
}

void PriorityQueue::Pop() {
  CHECK(!IsEmpty());
  std::pop_heap(entries_, entries_ + count_, IsAfter);
  --count_;
}

base::Result<> PriorityQueue::CheckInvariants() const {
  bool is_sound = count_ <= shape_.messages && std::is_heap(entries_, entries_ + count_, IsAfter);
  const std::span entries(entries_, shape_.messages);
  for (const Entry& entry : entries) {
    const auto has_its_slot = [&](const Entry& other) { return other.slot == entry.slot; };
    is_sound = is_sound && entry.slot < shape_.messages && entry.bytes <= shape_.message_bytes &&
               std::ranges::count_if(entries, has_its_slot) == 1;
  }
  if (!is_sound) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace ipc
