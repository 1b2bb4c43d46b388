// Who uses an address space: part of address_space.h.
#pragma once

#include <utility>

#include "kernel/base/check.h"
#include "kernel/mm/tables/space_table.h"

namespace mm {

template <SpaceTable Table>
class AddressSpace;

// Keeps an address space in use.
template <SpaceTable Table>
class SpaceReference {
 public:
  SpaceReference() = default;
  SpaceReference(const SpaceReference& other) : space_(other.space_) {
    if (space_ != nullptr) CHECK(space_->TryUse());
  }
  SpaceReference(SpaceReference&& other) noexcept : space_(std::exchange(other.space_, nullptr)) {}
  SpaceReference& operator=(SpaceReference other) noexcept {
    std::swap(space_, other.space_);
    return *this;
  }
  ~SpaceReference() {
    if (space_ != nullptr) space_->EndUse();
  }

  [[nodiscard]] AddressSpace<Table>* get() const { return space_; }
  [[nodiscard]] AddressSpace<Table>& operator*() const { return *space_; }
  [[nodiscard]] AddressSpace<Table>* operator->() const { return space_; }
  explicit operator bool() const { return space_ != nullptr; }

 private:
  friend class AddressSpace<Table>;
  explicit SpaceReference(AddressSpace<Table>& space) : space_(&space) {}  // adopts a use

  AddressSpace<Table>* space_ = nullptr;
};

}  // namespace mm
