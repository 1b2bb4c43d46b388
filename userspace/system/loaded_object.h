// A driver object in this process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <utility>

#include "userspace/drivers/driver_object.h"

namespace dispatch {

// Who has it last discards it.
class LoadedObject {
 public:
  // Copies the file to memory that nobody else can reach, judges the copy (object_judge.h), and has
  // the dynamic loader load that. The error is a sentence for people, which stays until the next
  // call.
  static std::expected<LoadedObject, const char*> Load(const char* path);

  LoadedObject() = default;
  LoadedObject(LoadedObject&& other) noexcept { *this = std::move(other); }
  LoadedObject& operator=(LoadedObject&& other) noexcept {
    std::swap(entry_, other.entry_);
    std::swap(base_, other.base_);
    std::swap(size_bytes_, other.size_bytes_);
    return *this;
  }
  ~LoadedObject() { Discard(); }

  bool is_loaded() const { return entry_ != nullptr; }
  // Its functions are the object's own.
  const drivers::DriverEntry& entry() const { return *entry_; }

  // Gives its pages back, but one that the loader goes on reading, which keeps its place. Nothing
  // of it may be used any more: it may have crashed in any state.
  void Discard();

  // Of all pages that it takes: where they begin, and how many bytes they are.
  uintptr_t base() const { return base_; }
  size_t size_bytes() const { return size_bytes_; }

 private:
  const drivers::DriverEntry* entry_ = nullptr;
  uintptr_t base_ = 0;
  size_t size_bytes_ = 0;
};

}  // namespace dispatch
