// Page faults of address spaces: part of address_space.h.
#pragma once

#include "kernel/mm/space/address_space.h"

namespace mm {

// Whether `access` has the right that an access of that kind takes: one bit, in the order of the
// kinds.
template <SpaceTable Table>
inline bool AddressSpace<Table>::Grants(Access access, AccessKind kind) {
  static_assert(Access::kRead == Access{1 << static_cast<int>(AccessKind::kRead)} &&
                Access::kWrite == Access{1 << static_cast<int>(AccessKind::kWrite)} &&
                Access::kExecute == Access{1 << static_cast<int>(AccessKind::kExecute)});
  return (static_cast<unsigned>(access) >> static_cast<unsigned>(kind) & 1) != 0;
}

template <SpaceTable Table>
FaultOutcome AddressSpace<Table>::OutcomeOf(base::Error error) {
  switch (error) {
    case base::Error::kOutOfMemory:
      return FaultOutcome::kOutOfMemory;
    case base::Error::kNotFound:
      return FaultOutcome::kNotLoaded;
    default:
      return FaultOutcome::kBeyondObject;
  }
}

template <SpaceTable Table>
FaultOutcome AddressSpace<Table>::HandleFault(FaultInfo fault) {
  const locking::SpinLockHolder holder(lock_);
  const VirtAddr va = AlignDown(fault.va, kPageSize);
  Vma* const vma = areas_.Find(va);
  if (vma == nullptr || vma->liveness == Liveness::kDead) [[unlikely]] {
    const bool is_of_paging =
        fault.cause == FaultCause::kNotMapped || fault.cause == FaultCause::kPermission;
    return is_of_paging ? ResolveBelowStack(va, fault.access) : FaultOutcome::kNotPermitted;
  }
  if (!Grants(vma->access, fault.access)) [[unlikely]]
    return FaultOutcome::kNotPermitted;
  if (fault.cause == FaultCause::kNotMapped) {
    if (!vma->object) [[likely]] {
      const auto vacancy = table_.FindVacancy(va);
      if (vacancy) [[likely]]
        return FillWithZeroes(*vma, *vacancy, fault.access);
    }
    return Resolve(*vma, va, fault.access);
  }
  // The processor found an entry: else it would not speak of rights.
  if (fault.cause == FaultCause::kPermission) return ResolvePresent(*vma, va, fault.access);
  return FaultOutcome::kNotPermitted;
}

// What most faults are, without a step too many: memory from no object, beside other pages.
template <SpaceTable Table>
[[gnu::always_inline]] inline FaultOutcome AddressSpace<Table>::FillWithZeroes(
    const Vma& vma, const typename Table::Place& vacancy, AccessKind kind) {
  if (kind != AccessKind::kWrite) {
    table_.FillVacancy(
        vacancy,
        {.frame = frames_.zero_frame(), .access = ReadOnly(vma.access), .note = kOfObject});
  } else {
    const base::Result<FrameNumber> frame = frames_.TakeZeroed();
    if (!frame) [[unlikely]]
      return FaultOutcome::kOutOfMemory;
    // What may be written is read and not executed.
    table_.FillVacancy(vacancy, {.frame = *frame, .access = Access::kReadWrite, .note = kOwn});
  }
  resident_ += PageCount{1};
  return FaultOutcome::kResolved;
}

// A page where there is probably none.
template <SpaceTable Table>
FaultOutcome AddressSpace<Table>::Resolve(Vma& vma, VirtAddr va, AccessKind kind) {
  if (vma.object) {
    const std::optional<uint64_t> number = vma.ObjectPageAt(va);
    if (number) return ResolveOfObject(vma, va, *number, kind);
  }
  if (kind != AccessKind::kWrite) {
    return MapNew(
        vma, va, kind, FrameReference::Uncounted(frames_.zero_frame()),
        {.frame = frames_.zero_frame(), .access = ReadOnly(vma.access), .note = kOfObject});
  }
  base::Result<FrameReference> frame = frames_.AllocateZeroed();
  if (!frame) [[unlikely]]
    return FaultOutcome::kOutOfMemory;
  return MapNew(vma, va, kind, std::move(*frame),
                {.frame = frame->frame(), .access = vma.access, .note = kOwn});
}

// `page` shows the frame, which has an owner more now.
template <SpaceTable Table>
FaultOutcome AddressSpace<Table>::MapNew(Vma& vma, VirtAddr va, AccessKind kind,
                                         FrameReference&& frame, const UserPage& page) {
  const base::Result<> mapped = table_.MapPage(va, page);
  if (mapped) [[likely]] {
    (void)frame.Detach();
    resident_ += PageCount{1};
    return FaultOutcome::kResolved;
  }
  if (mapped.error() != base::Error::kAlreadyExists) return FaultOutcome::kOutOfMemory;
  return ResolvePresent(vma, va, kind);
}

// A page that is there, or was when the processor looked.
template <SpaceTable Table>
FaultOutcome AddressSpace<Table>::ResolvePresent(Vma& vma, VirtAddr va, AccessKind kind) {
  const auto found = table_.FindPage(va);
  if (!found) [[unlikely]]
    return Resolve(vma, va, kind);
  const typename Table::Place& place = *found;
  const UserPage page = table_.PageIn(place);
  // Another thread was first; the fault made the processor forget what it knew.
  if (Grants(page.access, kind)) [[unlikely]]
    return FaultOutcome::kResolved;
  // The last owner of a private page may write to it: nothing is copied.
  const bool may_write = vma.sharing == Sharing::kShared || !frames_.IsShared(page.frame);
  if (may_write || kind != AccessKind::kWrite) {
    table_.ProtectPage(place, may_write ? vma.access : ReadOnly(vma.access));
    return FaultOutcome::kResolved;
  }
  base::Result<FrameReference> copy = page.frame == frames_.zero_frame()
                                          ? frames_.AllocateZeroed()
                                          : frames_.AllocateCopy(page.frame);
  if (!copy) [[unlikely]]
    return FaultOutcome::kOutOfMemory;
  table_.ReplacePage(place, {.frame = copy->Detach(), .access = vma.access, .note = kOwn});
  frames_.Drop(page.frame);  // no processor uses it here any more
  return FaultOutcome::kResolved;
}

template <SpaceTable Table>
FaultOutcome AddressSpace<Table>::ResolveOfObject(Vma& vma, VirtAddr va, uint64_t number,
                                                  AccessKind kind) {
  base::Result<FrameReference> shown = vma.object->TakePage(number);
  if (!shown) return OutcomeOf(shown.error());
  if (vma.kind == VmaKind::kDevice) {
    return MapNew(vma, va, kind, std::move(*shown),
                  {.frame = shown->frame(),
                   .access = vma.access,
                   .caching = Caching::kDevice,
                   .note = kOfDevice});
  }
  if (vma.sharing == Sharing::kShared) {
    return MapNew(vma, va, kind, std::move(*shown),
                  {.frame = shown->frame(), .access = vma.access, .note = kOfObject});
  }
  const uint64_t left = vma.limit_bytes - (va - vma.range.base);
  if (left >= kPageSize && kind != AccessKind::kWrite) {
    return MapNew(vma, va, kind, std::move(*shown),
                  {.frame = shown->frame(), .access = ReadOnly(vma.access), .note = kOfObject});
  }
  base::Result<FrameReference> copy = frames_.AllocateCopy(shown->frame());
  if (!copy) return FaultOutcome::kOutOfMemory;
  if (left < kPageSize) {
    const locking::CpuPin pin;
    const FrameWindow window = frames_.windows().Open(pin, copy->frame());
    std::ranges::fill(window.bytes().subspan(static_cast<size_t>(left)), std::byte{0});
  }
  return MapNew(vma, va, kind, std::move(*copy),
                {.frame = copy->frame(), .access = vma.access, .note = kOwn});
}

// Where no area is: perhaps the stack above grows down to it.
template <SpaceTable Table>
FaultOutcome AddressSpace<Table>::ResolveBelowStack(VirtAddr va, AccessKind kind) {
  Vma* const stack = FindStackFor(va);
  if (stack == nullptr) return FaultOutcome::kNotMapped;
  if (!Grants(stack->access, kind)) return FaultOutcome::kNotPermitted;
  const VirtRange before = stack->range;
  if (!areas_.Resize(*stack, FromFirstToLast(va, before.last()))) {
    return FaultOutcome::kOutOfMemory;
  }
  const FaultOutcome outcome = Resolve(*stack, va, kind);
  if (outcome != FaultOutcome::kResolved) CHECK(areas_.Resize(*stack, before).has_value());
  return outcome;
}

// The stack above `va`; null when there is none, or when it may not grow that far.
template <SpaceTable Table>
Vma* AddressSpace<Table>::FindStackFor(VirtAddr va) {
  Vma* stack = areas_.FindFirstNotBelow(va);
  while (stack != nullptr && stack->liveness == Liveness::kDead) {
    stack = areas_.FindFirstNotBelow(stack->range.last() + 1);
  }
  if (stack == nullptr || stack->kind != VmaKind::kStack) return nullptr;
  const VirtRange grown = FromFirstToLast(va, stack->range.last());
  if (grown.size_bytes > stack_limit_bytes_) return nullptr;
  if (pool_.placement().RegionOf(grown) == nullptr) return nullptr;
  if (!pool_.placement().IsPlaceFor(VmaKind::kStack, grown)) return nullptr;
  if (areas_.dead() > 0) {
    SweepIn(FromFirstToLast(va - Placement::kGuardBytes, stack->range.last()));
  }
  const Vma* const below = areas_.FindLastNotAbove(va);
  if (below != nullptr && va - below->range.last() <= Placement::kGuardBytes) return nullptr;
  return stack;
}

}  // namespace mm
