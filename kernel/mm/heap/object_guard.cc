#include "kernel/mm/heap/object_guard.h"

#include <cstring>

namespace mm::guard {
namespace {

void Fill(std::byte* bytes, std::byte value, size_t count) {
  std::memset(bytes, std::to_integer<int>(value), count);
}

bool IsFilled(const std::byte* bytes, std::byte value, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (bytes[i] != value) return false;
  }
  return true;
}

}  // namespace

void Slot::PoisonFree() const { Fill(object, kFreePoison, bytes); }

bool Slot::IsPoisonedFree() const { return IsFilled(object, kFreePoison, bytes); }

void Slot::PoisonNew(size_t requested) const {
  Fill(object, kNewPoison, requested);
  Arm(requested);
}

void Slot::Arm(size_t requested) const {
  const size_t redzone = bytes - sizeof(uint32_t) - requested;
  Fill(object + requested, kRedzone, redzone);
  const auto note = static_cast<uint32_t>(requested);
  std::memcpy(object + bytes - sizeof(note), &note, sizeof(note));
}

bool Slot::IsArmed() const {
  const size_t asked = requested();
  if (asked > bytes - sizeof(uint32_t)) return false;
  return IsFilled(object + asked, kRedzone, bytes - sizeof(uint32_t) - asked);
}

size_t Slot::requested() const {
  uint32_t note = 0;
  std::memcpy(&note, object + bytes - sizeof(note), sizeof(note));
  return note;
}

}  // namespace mm::guard
