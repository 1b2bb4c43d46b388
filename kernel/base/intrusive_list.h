// A doubly linked list through its own elements: no memory, O(1) everywhere, and an element takes
// itself out. An element may be in several lists, one for each hook that it derives from.
#pragma once

#include <cstddef>

#include "kernel/base/check.h"

namespace base {

// What an element of List<T, Tag> derives from, publicly. `Tag` tells an element's hooks apart.
template <class Tag>
class ListHook {
 public:
  constexpr ListHook() = default;
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;
  // CHECKed: it is in no list.
  ~ListHook() { CHECK(!IsLinked()); }

  [[nodiscard]] bool IsLinked() const { return next_ != nullptr; }

  // Out of the list that it is in; CHECKed.
  void Unlink() {
    CHECK(IsLinked());
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
  }

 private:
  template <class T, class OfTag>
  friend class List;

  ListHook* previous_ = nullptr;
  ListHook* next_ = nullptr;
};

// Owns nothing. Its elements leave before they end, and before the list does.
template <class T, class Tag = T>
class List {
  using Hook = ListHook<Tag>;

 public:
  class Iterator {
   public:
    explicit Iterator(Hook* hook) : hook_(hook) {}
    T& operator*() const { return *static_cast<T*>(hook_); }
    T* operator->() const { return static_cast<T*>(hook_); }
    Iterator& operator++() {
      hook_ = hook_->next_;
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    Hook* hook_;
  };

  // The hook of an empty list is not linked, so that a list needs no start-up.
  constexpr List() = default;
  List(const List&) = delete;
  List& operator=(const List&) = delete;
  // CHECKed: it is empty.
  ~List() {
    CHECK(IsEmpty());
    ends_.next_ = ends_.previous_ = nullptr;
  }

  [[nodiscard]] bool IsEmpty() const { return ends_.next_ == nullptr || ends_.next_ == &ends_; }

  // Null when it is empty.
  [[nodiscard]] T* first() const { return IsEmpty() ? nullptr : static_cast<T*>(ends_.next_); }

  // CHECKed: the element is in no list of this tag.
  void PushBack(T& element) { InsertBefore(ends_, element); }
  void PushFront(T& element) {
    Prepare();
    InsertBefore(*ends_.next_, element);
  }

  // Null when it is empty.
  T* PopFront() {
    T* const element = first();
    if (element != nullptr) static_cast<Hook*>(element)->Unlink();
    return element;
  }

  // Whoever iterates may not take out the element that he is at, but may add behind it.
  [[nodiscard]] Iterator begin() {
    Prepare();
    return Iterator(ends_.next_);
  }
  [[nodiscard]] Iterator end() { return Iterator(&ends_); }

  // Calls `visit(T&)` for each; it may take out the element that it is given.
  template <class Visitor>
  void ForEach(Visitor&& visit) {
    Prepare();
    for (Hook* hook = ends_.next_; hook != &ends_;) {
      Hook* const next = hook->next_;
      visit(*static_cast<T*>(hook));
      hook = next;
    }
  }

  // O(n).
  [[nodiscard]] size_t Count() {
    size_t count = 0;
    ForEach([&](T&) { ++count; });
    return count;
  }

 private:
  void Prepare() {
    if (ends_.next_ == nullptr) ends_.next_ = ends_.previous_ = &ends_;
  }
  void InsertBefore(Hook& place, T& element) {
    Prepare();
    Hook& hook = element;
    CHECK(!hook.IsLinked());
    hook.next_ = &place;
    hook.previous_ = place.previous_;
    place.previous_->next_ = &hook;
    place.previous_ = &hook;
  }

  mutable Hook ends_;
};

}  // namespace base
