// Objects of the file system: on a heap that they are given, counted by whoever holds them.
//
// Counts are plain numbers: the kernel runs on one processor and is not preempted, so nothing else
// runs between a load and its store (see docs/adr on the execution model).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/posix/errno.h"

namespace fs {

// Where objects and their names live. In a kernel that is the kernel's heap; a test brings one that
// counts and fails.
class Memory {
 public:
  // Aligned for any object of the file system; contents are arbitrary. Error: kOutOfMemory.
  [[nodiscard]] virtual base::Result<void*> Allocate(size_t bytes) = 0;
  // What Allocate() gave, or null.
  virtual void Free(void* block) = 0;

 protected:
  Memory() = default;
  ~Memory() = default;
  Memory(const Memory&) = default;
  Memory& operator=(const Memory&) = default;
};

// The base of what Ref counts. Derived classes have it first, and are made by MakeObject() alone.
class Object {
 public:
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  [[nodiscard]] uint32_t references() const { return references_; }

  // The heap gets the memory back, never the compiler's operator.
  static void operator delete(void*) { CHECK(false); }

 protected:
  explicit Object(Memory& memory) : memory_(memory) {}
  virtual ~Object() = default;

  // Where the object lives, and what belongs to it may.
  [[nodiscard]] Memory& memory() const { return memory_; }

 private:
  template <class T>
  friend class Ref;

  void Hold() { ++references_; }
  void Release() {
    CHECK(references_ > 0);
    if (--references_ > 0) return;
    Memory& memory = memory_;
    this->~Object();
    memory.Free(this);
  }

  Memory& memory_;
  uint32_t references_ = 0;
};

// One holder of an object, or of none.
template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) : object_(object) {
    if (object_ != nullptr) static_cast<Object*>(object_)->Hold();
  }
  Ref(const Ref& other) : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <class U>
    requires std::derived_from<U, T>
  Ref(const Ref<U>& other)  // NOLINT(google-explicit-constructor): a pointer to its base
      : Ref(other.get()) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) static_cast<Object*>(object_)->Release();
  }

  [[nodiscard]] T* get() const { return object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  friend bool operator==(const Ref& left, const Ref& right) = default;

 private:
  T* object_ = nullptr;
};

// A new object; its constructor gets `memory` first, then the arguments. Error: kOutOfMemory.
template <class T, class... Arguments>
[[nodiscard]] posix::Result<Ref<T>> MakeObject(Memory& memory, Arguments&&... arguments) {
  const base::Result<void*> block = memory.Allocate(sizeof(T));
  if (!block) return std::unexpected(posix::Errno::kOutOfMemory);
  T* const object = new (*block) T(memory, std::forward<Arguments>(arguments)...);
  CHECK(static_cast<void*>(static_cast<Object*>(object)) == *block);
  return Ref<T>(object);
}

}  // namespace fs
