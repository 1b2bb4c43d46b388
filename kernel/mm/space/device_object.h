// A stretch of physical addresses as an object: a device's registers, for a driver in user mode.
// Its pages are not counted; whoever makes it keeps the device there while it is mapped.
#pragma once

#include <cstdint>
#include <expected>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/memory_object.h"
#include "kernel/mm/space/user_frames.h"

namespace mm {

class DeviceObject;

// Who made a device object and gets it back.
class DeviceObjectOwner {
 public:
  // Nobody refers to it any more. Called with no lock, or with that of an address space: it does
  // not use one.
  virtual void DeviceEnded(DeviceObject& object) = 0;

 protected:
  DeviceObjectOwner() = default;
  ~DeviceObjectOwner() = default;
  DeviceObjectOwner(const DeviceObjectOwner&) = default;
  DeviceObjectOwner& operator=(const DeviceObjectOwner&) = default;
};

// Lives longer than its references: its maker asks references() first, or is told by `owner`.
class DeviceObject final : public MemoryObject {
 public:
  // Whole pages (CHECKed).
  explicit DeviceObject(const PhysRange& registers, DeviceObjectOwner* owner = nullptr)
      : MemoryObject(ObjectKind::kDevice), registers_(registers), object_owner_(owner) {
    CHECK(!registers.IsEmpty() && registers.IsAligned(kPageSize));
  }
  ~DeviceObject() { CHECK(references() == 0); }

  [[nodiscard]] base::Result<FrameReference> TakePage(uint64_t number) override {
    if (!HasPage(number)) return std::unexpected(base::Error::kOutOfRange);
    return FrameReference::Uncounted(FrameContaining(registers_.base) + PageCount{number});
  }
  [[nodiscard]] bool HasPage(uint64_t number) const override {
    return number < PagesIn(registers_.size_bytes).value;
  }
  [[nodiscard]] uint64_t size_bytes() const override { return registers_.size_bytes; }

  [[nodiscard]] const PhysRange& registers() const { return registers_; }

 private:
  void Destroy() override {
    if (object_owner_ != nullptr) object_owner_->DeviceEnded(*this);
  }

  PhysRange registers_;
  DeviceObjectOwner* object_owner_;
};

}  // namespace mm
