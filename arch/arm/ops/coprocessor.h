// The CP15 system registers the kernel uses, one function each, named as in the manual
// (ARM DDI 0406C B3.17 and chapter B4).
#pragma once

#include <cstdint>

namespace arch::arm {

// Barriers: B2.7.3, A3.8.3. Before an ISB, system register writes may not be seen by what follows.
inline void DataBarrier() { asm volatile("dsb" ::: "memory"); }
inline void InstructionBarrier() { asm volatile("isb" ::: "memory"); }

inline uint32_t ReadMidr() {
  uint32_t value;
  asm("mrc p15, 0, %0, c0, c0, 0" : "=r"(value));
  return value;
}

inline uint32_t ReadMpidr() {
  uint32_t value;
  asm("mrc p15, 0, %0, c0, c0, 5" : "=r"(value));
  return value;
}

inline uint32_t ReadIdPfr1() {
  uint32_t value;
  asm("mrc p15, 0, %0, c0, c1, 1" : "=r"(value));
  return value;
}

inline uint32_t ReadIdDfr0() {
  uint32_t value;
  asm("mrc p15, 0, %0, c0, c1, 2" : "=r"(value));
  return value;
}

inline uint32_t ReadIdIsar0() {
  uint32_t value;
  asm("mrc p15, 0, %0, c0, c2, 0" : "=r"(value));
  return value;
}

inline uint32_t ReadIdMmfr0() {
  uint32_t value;
  asm("mrc p15, 0, %0, c0, c1, 4" : "=r"(value));
  return value;
}

inline uint32_t ReadIdMmfr3() {
  uint32_t value;
  asm("mrc p15, 0, %0, c0, c1, 7" : "=r"(value));
  return value;
}

inline uint32_t ReadSctlr() {
  uint32_t value;
  asm volatile("mrc p15, 0, %0, c1, c0, 0" : "=r"(value)::"memory");
  return value;
}

inline void WriteSctlr(uint32_t value) {
  asm volatile("mcr p15, 0, %0, c1, c0, 0" ::"r"(value) : "memory");
}

inline uint32_t ReadCpacr() {
  uint32_t value;
  asm volatile("mrc p15, 0, %0, c1, c0, 2" : "=r"(value)::"memory");
  return value;
}

inline void WriteCpacr(uint32_t value) {
  asm volatile("mcr p15, 0, %0, c1, c0, 2" ::"r"(value) : "memory");
}

inline void WriteDacr(uint32_t value) {
  asm volatile("mcr p15, 0, %0, c3, c0, 0" ::"r"(value) : "memory");
}

inline uint32_t ReadTtbr0() {
  uint32_t value;
  asm volatile("mrc p15, 0, %0, c2, c0, 0" : "=r"(value)::"memory");
  return value;
}

inline uint32_t ReadTtbr1() {
  uint32_t value;
  asm volatile("mrc p15, 0, %0, c2, c0, 1" : "=r"(value)::"memory");
  return value;
}

inline uint32_t ReadTtbcr() {
  uint32_t value;
  asm volatile("mrc p15, 0, %0, c2, c0, 2" : "=r"(value)::"memory");
  return value;
}

inline void WriteTtbcr(uint32_t value) {
  asm volatile("mcr p15, 0, %0, c2, c0, 2" ::"r"(value) : "memory");
}

inline void WriteTtbr0(uint32_t value) {
  asm volatile("mcr p15, 0, %0, c2, c0, 0" ::"r"(value) : "memory");
}

// CONTEXTIDR: the ASID, and a process number of 0 (B4.1.36).
inline void WriteContextId(uint32_t value) {
  asm volatile("mcr p15, 0, %0, c13, c0, 1" ::"r"(value) : "memory");
}

inline uint32_t ReadDfsr() {
  uint32_t value;
  asm volatile("mrc p15, 0, %0, c5, c0, 0" : "=r"(value)::"memory");
  return value;
}

inline uint32_t ReadIfsr() {
  uint32_t value;
  asm volatile("mrc p15, 0, %0, c5, c0, 1" : "=r"(value)::"memory");
  return value;
}

inline uint32_t ReadDfar() {
  uint32_t value;
  asm volatile("mrc p15, 0, %0, c6, c0, 0" : "=r"(value)::"memory");
  return value;
}

inline uint32_t ReadIfar() {
  uint32_t value;
  asm volatile("mrc p15, 0, %0, c6, c0, 2" : "=r"(value)::"memory");
  return value;
}

// BPIALL.
inline void InvalidateBranchPredictor() {
  asm volatile("mcr p15, 0, %0, c7, c5, 6" ::"r"(0) : "memory");
}

// ICIALLU: the whole instruction cache, and the branch predictor with it.
inline void InvalidateInstructionCache() {
  asm volatile("mcr p15, 0, %0, c7, c5, 0" ::"r"(0) : "memory");
}

// DCCMVAU: what a line of the data cache holds is seen by instruction fetches that miss theirs.
inline void CleanDataLine(uint32_t va) {
  asm volatile("mcr p15, 0, %0, c7, c11, 1" ::"r"(va) : "memory");
}

// CTR.
inline uint32_t ReadCacheType() {
  uint32_t value;
  asm("mrc p15, 0, %0, c0, c0, 1" : "=r"(value));
  return value;
}

// TLBIALL: every entry, global or not, of this processor.
inline void InvalidateTlb() { asm volatile("mcr p15, 0, %0, c8, c7, 0" ::"r"(0) : "memory"); }

// TLBIASID: the entries of one address space that are not global.
inline void InvalidateTlbAsid(uint32_t asid) {
  asm volatile("mcr p15, 0, %0, c8, c7, 2" ::"r"(asid) : "memory");
}

// TLBIMVA: the entries for one page, global or of one address space. `va` is a page's first byte.
inline void InvalidateTlbPageOf(uint32_t va, uint32_t asid) {
  asm volatile("mcr p15, 0, %0, c8, c7, 1" ::"r"(va | asid) : "memory");
}

// TLBIMVAA: the entries for one page, of whatever address space.
inline void InvalidateTlbPage(uint32_t va) {
  asm volatile("mcr p15, 0, %0, c8, c7, 3" ::"r"(va) : "memory");
}

// TPIDRURO: user mode reads it and cannot write it.
inline uintptr_t ReadThreadPointer() {
  uintptr_t value;
  asm volatile("mrc p15, 0, %0, c13, c0, 3" : "=r"(value)::"memory");
  return value;
}

inline void WriteThreadPointer(uintptr_t value) {
  asm volatile("mcr p15, 0, %0, c13, c0, 3" ::"r"(value) : "memory");
}

// TPIDRURW: user mode reads and writes it.
inline uint32_t ReadUserThreadRegister() {
  uint32_t value;
  asm volatile("mrc p15, 0, %0, c13, c0, 2" : "=r"(value)::"memory");
  return value;
}

inline void WriteUserThreadRegister(uint32_t value) {
  asm volatile("mcr p15, 0, %0, c13, c0, 2" ::"r"(value) : "memory");
}

// PMCCNTR.
inline uint32_t ReadCycleCounter() {
  uint32_t value;
  asm volatile("mrc p15, 0, %0, c9, c13, 0" : "=r"(value)::"memory");
  return value;
}

inline void WritePmuserenr(uint32_t value) {
  asm volatile("mcr p15, 0, %0, c9, c14, 0" ::"r"(value) : "memory");
}

inline void WriteVbar(const void* vectors) {
  asm volatile("mcr p15, 0, %0, c12, c0, 0" ::"r"(vectors) : "memory");
}

// The generic timer: B4.1.21 and following, chapter B8.
inline uint32_t ReadCntfrq() {
  uint32_t value;
  asm volatile("mrc p15, 0, %0, c14, c0, 0" : "=r"(value));
  return value;
}

inline void WriteCntkctl(uint32_t value) {
  asm volatile("mcr p15, 0, %0, c14, c1, 0" ::"r"(value) : "memory");
}

inline void WriteCntvCtl(uint32_t value) {
  asm volatile("mcr p15, 0, %0, c14, c3, 1" ::"r"(value) : "memory");
}

// The ISB keeps the read from being done early (B8.1.2).
inline uint64_t ReadCntvct() {
  uint64_t value;
  asm volatile("isb\n\tmrrc p15, 1, %Q0, %R0, c14" : "=r"(value)::"memory");
  return value;
}

inline void WriteCntvCval(uint64_t value) {
  asm volatile("mcrr p15, 3, %Q0, %R0, c14" ::"r"(value) : "memory");
}

}  // namespace arch::arm
