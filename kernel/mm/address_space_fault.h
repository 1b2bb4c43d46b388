// Page faults of address spaces: part of address_space.h.
#pragma once

#include "kernel/mm/address_space.h"

namespace mm {

template <SpaceTable Table>
Access AddressSpace<Table>::Wanted(AccessKind kind) {
  switch (kind) {
    case AccessKind::kWrite:
      return Access::kWrite;
    case AccessKind::kExecute:
      return Access::kExecute;
    case AccessKind::kRead:
      break;
  }
  return Access::kRead;
}

template <SpaceTable Table>
FaultOutcome AddressSpace<Table>::OutcomeOf(base::Error error) {
  return error == base::Error::kOutOfMemory ? FaultOutcome::kOutOfMemory
                                            : FaultOutcome::kBeyondObject;
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
  if (!Has(vma->access, Wanted(fault.access))) return FaultOutcome::kNotPermitted;
  if (fault.cause == FaultCause::kNotMapped) return Resolve(*vma, va, fault.access);
  // The processor found an entry: else it would not speak of rights.
  if (fault.cause == FaultCause::kPermission) return ResolvePresent(*vma, va, fault.access);
  return FaultOutcome::kNotPermitted;
}

// A page where there is probably none.
template <SpaceTable Table>
FaultOutcome AddressSpace<Table>::Resolve(Vma& vma, VirtAddr va, AccessKind kind) {
  const std::optional<uint64_t> number = vma.ObjectPageAt(va);
  if (number) return ResolveOfObject(vma, va, *number, kind);
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
  FaultOutcome outcome = FaultOutcome::kResolved;
  FrameNumber copied = frames_.zero_frame();  // or whose page this was; dropped behind the change
  const bool is_there = table_.UpdatePage(va, [&](UserPage& page) {
    // Another thread was first; the fault made the processor forget what it knew.
    if (Has(page.access, Wanted(kind))) return;
    // The last owner of a private page may write to it: nothing is copied.
    if (vma.sharing == Sharing::kShared || !frames_.IsShared(page.frame)) {
      page.access = vma.access;
    } else if (kind != AccessKind::kWrite) {
      page.access = ReadOnly(vma.access);
    } else {
      copied = page.frame;
      if (!CopyOnWrite(vma, page)) outcome = FaultOutcome::kOutOfMemory;
    }
  });
  if (!is_there) return Resolve(vma, va, kind);
  if (outcome == FaultOutcome::kResolved) frames_.Drop(copied);
  return outcome;
}

// Whether there was memory for it.
template <SpaceTable Table>
bool AddressSpace<Table>::CopyOnWrite(const Vma& vma, UserPage& page) const {
  base::Result<FrameReference> copy = page.frame == frames_.zero_frame()
                                          ? frames_.AllocateZeroed()
                                          : frames_.AllocateCopy(page.frame);
  if (!copy) return false;
  page = {.frame = copy->Detach(), .access = vma.access, .note = kOwn};
  return true;
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
  if (!Has(stack->access, Wanted(kind))) return FaultOutcome::kNotPermitted;
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
  if (areas_.dead() > 0) {
    SweepIn(FromFirstToLast(va - Placement::kGuardBytes, stack->range.last()));
  }
  const Vma* const below = areas_.FindLastNotAbove(va);
  if (below != nullptr && va - below->range.last() <= Placement::kGuardBytes) return nullptr;
  return stack;
}

}  // namespace mm
