"""Compiler and linker flags, one named list per reason.

config.bzl replaces `{resource}`, `{sysroot}` and `{libcxx}` with paths from the execution root.
"""

# Nothing of the machine or of the moment may reach an output.
REPRODUCIBLE = [
    "-ffile-compilation-dir=.",
    "-Wno-builtin-macro-redefined",
    "-D__DATE__=\"redacted\"",
    "-D__TIMESTAMP__=\"redacted\"",
    "-D__TIME__=\"redacted\"",
]

# Third-party targets turn these off with `-w` in their copts.
WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wthread-safety",
]

# Unused functions and data are dropped by the linker; backtraces follow frame pointers.
CODE_SHAPE = [
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-omit-frame-pointer",
    "-mno-omit-leaf-frame-pointer",
    "-fcolor-diagnostics",
]

CXX_LANGUAGE = [
    "-std=c++23",
    "-fno-exceptions",
    "-fno-rtti",
]

LINK = [
    "-Wl,--build-id=none",
    "-Wl,--gc-sections",
    "-Wl,--fatal-warnings",
]

# glibc (for its start-up files and headers) and libgcc from the pinned sysroot; the C++ library is
# LLVM's, as in the kernel.
_HOST_GCC = ["--gcc-install-dir={sysroot}/usr/lib/gcc/x86_64-linux-gnu/12"]
HOST_COMPILE = _HOST_GCC
HOST_CXX = [
    "-nostdinc++",
    "-isystem{libcxx}/include",
    "-D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_EXTENSIVE",
]
HOST_LINK = _HOST_GCC + [
    "-nostdlib++",
    "-static-libgcc",
    "-L{libcxx}/lib",
    "-Wl,--push-state,-Bstatic,-lc++,-lc++abi,--pop-state",
    "-lm",
    "-lpthread",
]

# No operating system: the compiler's own headers, then musl's for <string.h> and what libc++ asks
# of a C library. Interrupt handlers run on the interrupted stack and the kernel owns no
# thread-local storage, hence no stack protector and no guarded statics; panics walk frame pointers,
# hence no unwind tables.
FREESTANDING_COMPILE = [
    "-ffreestanding",
    "-nostdinc",
    "-fno-stack-protector",
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
    "-fno-common",
]

# Searched in this order: libc++'s configuration, libc++, clang's headers, musl's.
FREESTANDING_CXX_INCLUDES = [
    "-nostdinc++",
    "-isystemplatforms/toolchains/libcxx_freestanding",
    "-isystem{libcxx}/include",
]
C_INCLUDES = [
    "-isystem{resource}/include",
    "-isystem{sysroot}/include",
]
FREESTANDING_CXX = [
    "-fno-threadsafe-statics",
    "-fno-c++-static-destructors",
]
FREESTANDING_LINK = [
    "-nostdlib",
    "-static",
    "-Wl,-z,max-page-size=4096",
    "-Wl,-z,noexecstack",
]

# An interrupt may strike anywhere and saves no vector registers: no red zone, no SSE.
# (-mgeneral-regs-only would say the same but makes <limits> fail.) Position-independent, so that
# one object serves an image at any address: the "kernel" code model is for the highest 2 GiB alone.
X86_64_KERNEL = [
    "-fpie",
    "-fvisibility=hidden",
    "-mcmodel=small",
    "-mno-red-zone",
    "-mno-mmx",
    "-mno-sse",
    "-mno-sse2",
]

# The start-up code runs with the MMU off, where unaligned accesses fault.
ARM_KERNEL_CPU = [
    "-mcpu=cortex-a15",
    "-mfloat-abi=soft",
]
ARM_KERNEL = ARM_KERNEL_CPU + [
    # Without it leaf functions have no frame, and a backtrace from one leaves its caller out.
    "-mframe-chain=aapcs",
    "-fno-pic",
    "-mno-unaligned-access",
]

# 64-bit division and shifts, which ARMv7-A has no instructions for.
ARM_BUILTINS = ["{resource}/lib/linux/libclang_rt.builtins-armhf.a"]
X86_64_BUILTINS = ["{resource}/lib/linux/libclang_rt.builtins-x86_64.a"]

# Programs of ours: musl, position independent.
MUSL_COMPILE = [
    "-nostdinc",
    "-fpie",
    "-fno-stack-protector",
]
MUSL_CXX = ["-fno-threadsafe-statics"]
MUSL_LINK = [
    "-nostdlib",
    "-Wl,-z,max-page-size=4096",
    "-Wl,-z,noexecstack",
    "-Wl,-z,relro",
    "{sysroot}/lib/crti.o",
    "{sysroot}/lib/crtn.o",
]

# Without a dynamic loader: rcrt1.o relocates the program itself.
MUSL_STATIC_PROGRAM = [
    "-static-pie",
    "{sysroot}/lib/rcrt1.o",
    "-L{sysroot}/lib",
    "-lc",
]

# Through musl's loader, with the C library that is among its deps.
MUSL_SHARED_PROGRAM = [
    "-pie",
    "{sysroot}/lib/Scrt1.o",
]
ARM_USER_CPU = [
    "-mcpu=cortex-a15",
    "-mfpu=vfpv3-d16",
]
