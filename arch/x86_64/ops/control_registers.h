// The processor's control registers, model-specific registers and CPUID, one function each. Their
// bits are named in arch/x86_64/facts/registers.h.
#pragma once

#include <cstdint>

namespace arch {

inline uint64_t ReadCr0() {
  uint64_t value;
  asm volatile("movq %%cr0, %0" : "=r"(value));
  return value;
}

inline void WriteCr0(uint64_t value) { asm volatile("movq %0, %%cr0" : : "r"(value) : "memory"); }

// The address that the last page fault was about.
inline uint64_t ReadCr2() {
  uint64_t value;
  asm volatile("movq %%cr2, %0" : "=r"(value));
  return value;
}

inline uint64_t ReadCr3() {
  uint64_t value;
  asm volatile("movq %%cr3, %0" : "=r"(value));
  return value;
}

// Also forgets every cached translation that is not global.
inline void WriteCr3(uint64_t value) { asm volatile("movq %0, %%cr3" : : "r"(value) : "memory"); }

inline uint64_t ReadCr4() {
  uint64_t value;
  asm volatile("movq %%cr4, %0" : "=r"(value));
  return value;
}

inline void WriteCr4(uint64_t value) { asm volatile("movq %0, %%cr4" : : "r"(value) : "memory"); }

inline uint64_t ReadMsr(uint32_t index) {
  uint32_t low;
  uint32_t high;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
  return uint64_t{high} << 32 | low;
}

inline void WriteMsr(uint32_t index, uint64_t value) {
  asm volatile("wrmsr"
               :
               : "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32)),
                 "c"(index)
               : "memory");
}

struct CpuidResult {
  uint32_t eax;
  uint32_t ebx;
  uint32_t ecx;
  uint32_t edx;
};

// Subleaf 0 of `leaf`. A leaf beyond the highest one answers with nonsense: compare first.
inline CpuidResult Cpuid(uint32_t leaf) {
  CpuidResult result;
  asm volatile("cpuid"
               : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
               : "a"(leaf), "c"(0));
  return result;
}

// Extended control register 0: what XSAVE saves. Only where CR4.OSXSAVE is set.
inline void WriteXcr0(uint64_t value) {
  asm volatile("xsetbv"
               :
               : "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32)), "c"(0)
               : "memory");
}

}  // namespace arch
