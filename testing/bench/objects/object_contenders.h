// Allocators of objects behind one shape, for the workloads.
#pragma once

#include <cstddef>
#include <memory>

#include "kernel/mm/heap/kernel_heap.h"
#include "kernel/mm/heap/slab_cache.h"
#include "kernel/mm/heap/slab_depot.h"
#include "testing/bench/objects/object_machine.h"
#include "testing/bench/peers/resident.h"

namespace bench {

// malloc and its like, as in peers/objects.h.
template <class Peer>
class PeerObjects {
 public:
  static constexpr const char* kName = Peer::kName;

  explicit PeerObjects(size_t bytes) : bytes_(bytes) { ResidentBefore(); }
  void* Allocate() { return Peer::Allocate(bytes_); }
  void* Allocate(size_t bytes) { return Peer::Allocate(bytes); }
  void Free(void* object) { Peer::Free(object); }
  static void KeepMemory() { Peer::KeepMemory(); }
  // What the process has in memory more than before it allocated anything, `others` not counted.
  // What an earlier check has left behind counts: it is there to be used again.
  double bytes(size_t others) const {
    return static_cast<double>(ResidentBytes()) - static_cast<double>(ResidentBefore() + others);
  }

 private:
  static size_t ResidentBefore() {
    static const size_t kBytes = ResidentBytes();
    return kBytes;
  }

  size_t bytes_;
};

// A cache for objects of one size, as a kernel's subsystems have them.
class CacheObjects {
 public:
  static constexpr const char* kName = "slab cache";

  explicit CacheObjects(size_t bytes)
      : cache_(depot_, {.name = "bench", .object_bytes = bytes, .alignment = kAlignment}) {}
  void* Allocate() { return *cache_.Allocate(); }
  void Free(void* object) { cache_.Free(object); }
  static void KeepMemory() {}  // giving pages back and taking them again costs no page faults

 private:
  static constexpr size_t kAlignment = 16;  // malloc's

  ObjectMachine machine_;
  mm::SlabDepot depot_{machine_.pages(), machine_.table()};
  mm::SlabCache cache_;
};

// The kernel heap.
class HeapObjects {
 public:
  static constexpr const char* kName = "kalloc";

  explicit HeapObjects(size_t bytes) : bytes_(bytes) {}
  void* Allocate() { return Allocate(bytes_); }
  void* Allocate(size_t bytes) { return *heap_->Allocate(bytes); }
  void Free(void* object) { heap_->Free(object); }
  static void KeepMemory() {}  // giving pages back and taking them again costs no page faults
  // The most at any time.
  double bytes(size_t) const { return machine_.most_bytes() + sizeof(mm::KernelHeap); }

 private:
  size_t bytes_;
  ObjectMachine machine_;
  mm::SlabDepot depot_{machine_.pages(), machine_.table()};
  NoLargeBlocks large_;
  std::unique_ptr<mm::KernelHeap> heap_ = std::make_unique<mm::KernelHeap>(depot_, large_);
};

}  // namespace bench
