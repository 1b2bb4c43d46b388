// Numbers for objects that programs name by a key: the table behind msgget and shmget. A number is
// not used again soon after its object went: what still has the old one gets an error, not a
// stranger's object.
//
// Belongs to whoever is in the kernel: not locked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/base/result.h"

namespace ipc {

template <class T, size_t kMost>
class IdTable {
 public:
  // The key of objects that no key finds: IPC_PRIVATE.
  static constexpr int32_t kPrivateKey = 0;

  // The number of the object with this key. Error: kNotFound. O(kMost).
  [[nodiscard]] base::Result<int32_t> ScanForKey(int32_t key) const {
    for (size_t index = 0; key != kPrivateKey && index < used_; ++index) {
      const Slot& slot = slots_[index];
      if (slot.object != nullptr && slot.key == key) return IdOf(index);
    }
    return std::unexpected(base::Error::kNotFound);
  }

  // The object with this number; null if there is none.
  [[nodiscard]] T* Find(int32_t id) const {
    if (id < 0) return nullptr;
    const size_t index = static_cast<uint32_t>(id) % kMost;
    return index < used_ && IdOf(index) == id ? slots_[index].object : nullptr;
  }

  // A number for `object`. Error: kOutOfMemory (kMost are in use). O(kMost).
  [[nodiscard]] base::Result<int32_t> Add(int32_t key, T* object) {
    for (size_t index = 0; index < kMost; ++index) {
      Slot& slot = slots_[index];
      if (slot.object != nullptr) continue;
      slot = {.object = object, .key = key, .turn = slot.turn};
      if (index >= used_) used_ = index + 1;
      return IdOf(index);
    }
    return std::unexpected(base::Error::kOutOfMemory);
  }

  // No key finds the object any more; its number does. Of one that exists.
  void ForgetKey(int32_t id) { slots_[static_cast<uint32_t>(id) % kMost].key = kPrivateKey; }

  // The number names nothing any more. Of one that exists.
  void Remove(int32_t id) {
    Slot& slot = slots_[static_cast<uint32_t>(id) % kMost];
    slot = {.object = nullptr, .key = kPrivateKey, .turn = (slot.turn + 1) % kTurns};
  }

  [[nodiscard]] int32_t KeyOf(int32_t id) const {
    return slots_[static_cast<uint32_t>(id) % kMost].key;
  }

 private:
  // Numbers are positive: so often a slot is used again before one comes back.
  static constexpr uint32_t kTurns = (uint32_t{1} << 31) / kMost;

  struct Slot {
    T* object = nullptr;
    int32_t key = kPrivateKey;
    uint32_t turn = 0;
  };

  [[nodiscard]] int32_t IdOf(size_t index) const {
    return static_cast<int32_t>(slots_[index].turn * kMost + index);
  }

  std::array<Slot, kMost> slots_{};
  size_t used_ = 0;  // slots from here on were never used
};

}  // namespace ipc
