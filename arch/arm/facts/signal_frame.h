// What a signal leaves on the user's stack, as Linux lays it out for the EABI (its
// arch/arm/include/uapi/asm/{sigcontext,ucontext}.h): handlers, debuggers and unwinders know it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "arch/arm/facts/registers.h"

namespace arch::arm {

// d0 to d31 and FPSCR: struct user_vfp.
struct VfpRegisters {
  std::array<uint64_t, 32> d;
  uint32_t fpscr;
};
static_assert(sizeof(VfpRegisters) == 264 && offsetof(VfpRegisters, fpscr) == 256);

// stack_t.
struct SignalStack {
  uint32_t pointer;
  uint32_t flags;
  uint32_t size_bytes;
};

// struct sigcontext.
struct SignalContext {
  uint32_t trap_number;
  uint32_t error_code;
  uint32_t old_mask;
  std::array<uint32_t, 16> registers;  // r0 to r15
  uint32_t cpsr;
  uint32_t fault_address;
};

// struct vfp_sigframe: the record for VFP among those behind the context.
struct VfpRecord {
  static constexpr uint32_t kMagic = 0x5646'5001;

  uint32_t magic;
  uint32_t size_bytes;  // of this structure
  VfpRegisters registers;
  // Of VFP exceptions that support code handles; no processor of ours has them.
  std::array<uint32_t, 3> exceptions;
};

// struct ucontext.
struct UserContext {
  uint32_t flags;
  uint32_t link;
  SignalStack stack;
  SignalContext machine;
  uint64_t blocked;
  std::array<uint32_t, 30> unused;
  // 512 bytes for records, of which the last has the magic 0.
  VfpRecord vfp;
  uint32_t last_magic;
  std::array<uint32_t, 55> room;
};

// The frame of a handler without SA_SIGINFO: struct sigframe.
struct PlainSignalFrame {
  // In UserContext::flags; other frames have 0.
  static constexpr uint32_t kFlags = 0x5AC3'C35A;

  UserContext context;
  // For code that returns from the handler where there is no restorer. Nothing executes it here.
  std::array<uint32_t, 4> return_code;
};

inline constexpr size_t kSignalInformationBytes = 128;  // sizeof(siginfo_t)

// struct rt_sigframe.
struct SignalFrame {
  std::array<std::byte, kSignalInformationBytes> information;
  PlainSignalFrame plain;
};

static_assert(sizeof(SignalContext) == 84 && offsetof(SignalContext, cpsr) == 76);
static_assert(sizeof(VfpRecord) == 288 && offsetof(VfpRecord, registers) == 8);
static_assert(offsetof(VfpRecord, exceptions) == 272);
static_assert(offsetof(UserContext, machine) == 20 && offsetof(UserContext, blocked) == 104);
static_assert(offsetof(UserContext, vfp) == 232 && offsetof(UserContext, last_magic) == 520);
static_assert(sizeof(UserContext) == 744);
static_assert(sizeof(PlainSignalFrame) == 760);
static_assert(sizeof(SignalFrame) == 888 && offsetof(SignalFrame, plain) == 128);

// AAPCS 5.2.1.2.
inline constexpr uint32_t kSignalFrameAlignment = 8;

// Whether user mode may have this CPSR: its mode, ARM or Thumb state, nothing masked but what the
// kernel clears (CleanStatus).
constexpr bool IsUserStatus(uint32_t cpsr) {
  return (cpsr & psr::kModeMask) == psr::kUser && (cpsr & (psr::kIrqMask | psr::kJazelle)) == 0;
}

// As Linux does: interrupts of the third kind and aborts are never masked.
constexpr uint32_t CleanStatus(uint32_t cpsr) { return cpsr & ~(psr::kFiqMask | psr::kAbortMask); }

// CPSR of a function that starts at `target`, whose bit 0 selects Thumb: no flags, little endian,
// no IT block that goes on.
constexpr uint32_t StatusAtEntry(uint32_t cpsr, uint32_t target) {
  const uint32_t kept =
      cpsr & ~(psr::kFlags | psr::kIfThen | psr::kBigEndian | psr::kThumb | psr::kJazelle);
  return (target & 1) != 0 ? kept | psr::kThumb : kept;
}

// Where that function's first instruction is.
constexpr uint32_t AddressOfEntry(uint32_t target) {
  return (target & 1) != 0 ? target & ~uint32_t{1} : target & ~uint32_t{3};
}

constexpr bool IsVfpRecord(const VfpRecord& record) {
  return record.magic == VfpRecord::kMagic && record.size_bytes == sizeof(VfpRecord);
}

}  // namespace arch::arm
