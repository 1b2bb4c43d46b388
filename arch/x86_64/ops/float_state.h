// x87, SSE and AVX registers: saved whole at each switch of threads. The kernel itself uses none.
//
// XSAVE's standard format where CPUID has it, else FXSAVE's, with which it begins. Intel SDM vol. 1
// 10.5.1 (FXSAVE), 13.4 (XSAVE).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace arch {

// Room for x87, SSE, AVX and AVX-512, where 13.5 has their places.
inline constexpr size_t kFloatStateBytes = 2688;
inline constexpr size_t kFloatStateAlignment = 64;

using FloatArea = std::span<std::byte, kFloatStateBytes>;
using ConstFloatArea = std::span<const std::byte, kFloatStateBytes>;

// Turns them on for user mode. Called once, by StartUserMode().
void StartFloat();

// What of an area is in use, and as XSAVE's header has it which components; 0 without XSAVE.
size_t FloatBytes();
uint64_t FloatComponents();

// Between the registers and an area, aligned to kFloatStateAlignment. One that is loaded has been
// saved, cleared or made harmless.
void SaveFloat(FloatArea area);
void LoadFloat(ConstFloatArea area);

// As a program finds it at its start.
void ClearFloat(FloatArea area);

// An area that came from a user: loading it will not fault.
void MakeHarmless(FloatArea area);

}  // namespace arch
