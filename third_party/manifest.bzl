"""What Atlas fetches, written by hand: plain data. `./bazelw run //tools:relock` makes lock.bzl from it.

A repository @NAME is made of Debian packages and described to Bazel by NAME.BUILD:
  suite         the Debian suite its packages come from
  packages      the packages it is about, each with what it is for; src:NAME is a source package's
                upstream tarball, NAME:armhf a package of another architecture
  support       packages that those need at run time, beyond shared libraries
  programs      programs to make relocatable: name in bin/ to path. Relocking adds the packages with
                the shared libraries they need
  plugins       objects that the programs load by themselves (paths, shell patterns): their libraries
                are added too
  trees         files and directories to keep: place in the repository to path; a place . means that
                the package is a Bazel repository itself
  drop          paths (shell patterns) left out
  environment, arguments
                what the programs start with; {root} is the repository
  licence       SPDX expression of a source package, whose licence no tool can read off
"""

_LLVM = "usr/lib/llvm-19/bin/"

# The repository that bazelw installs itself from; Bazel never fetches it.
BAZEL = "bazel"

REPOSITORIES = {
    # The peers of //testing/bench:host (abseil, boost, gperftools, jemalloc, mimalloc) are the newest
    # releases of their stable series in Debian's stable suites.
    "abseil": {
        "suite": "trixie",
        "packages": {"src:abseil": "B-trees the benchmark compares range indexes with"},
        "licence": "Apache-2.0",
        "trees": {"src/absl": "abseil-*/absl"},
    },
    "bazel": {
        "suite": "forky",
        "packages": {
            "bazel-bootstrap": "Bazel, when the machine has no matching one",
            "bazel-rules-shell": "shell rules, which Bazel's own WORKSPACE suffix loads",
            "openjdk-21-jre-headless": "runs Bazel's server",
        },
        # What of Bazel's many dependencies its server really loads.
        "support": [
            "bazel-bootstrap-data",
            "bazel-features",
            "bazel-platforms",
            "bazel-rules-cc",
            "bazel-rules-java",
            "bazel-rules-license",
            "bazel-rules-proto",
            "bazel-rules-python",
            "bazel-skylib",
            "libanimal-sniffer-java",
            "libasync-profiler-java",
            "libblake3-0",
            "libcaffeine-java",
            "libchecker-framework-java",
            "libcommons-compress-java",
            "libcommons-io-java",
            "libcommons-lang-java",
            "libcommons-pool2-java",
            "libdiffutils-java",
            "liberror-prone-java",
            "libfastutil-java",
            "libgoogle-api-client-java",
            "libgoogle-auth-java",
            "libgoogle-auto-common-java",
            "libgoogle-auto-service-java",
            "libgoogle-auto-value-java",
            "libgoogle-flogger-java",
            "libgoogle-gson-java",
            "libgoogle-http-client-java",
            "libgrpc-java",
            "libguava-java",
            "libhamcrest-java",
            "libjava-allocation-instrumenter-java",
            "libjavapoet-java",
            "libjcip-annotations-java",
            "libjcommander-java",
            "libjsr305-java",
            "libnetty-buffer-java",
            "libnetty-common-java",
            "libnetty-java",
            "libperfmark-java",
            "libproguard-java",
            "libprotobuf-java",
            "libreactive-streams-java",
            "librx-java",
            "libtomcat9-java",
            "libtruth-java",
            "libxz-java",
            "libzstd-jni1",
            "velocity",
        ],
        "programs": {
            "bazel": "usr/bin/bazel",
            "build-runfiles": "usr/libexec/x86_64-linux-gnu/bazel/build-runfiles",
            "daemonize": "usr/libexec/x86_64-linux-gnu/bazel/daemonize",
            "java": "usr/lib/jvm/java-21-openjdk-amd64/bin/java",
            "linux-sandbox": "usr/libexec/x86_64-linux-gnu/bazel/linux-sandbox",
            "process-wrapper": "usr/libexec/x86_64-linux-gnu/bazel/process-wrapper",
            "zipper": "usr/libexec/x86_64-linux-gnu/bazel/zipper",
        },
        "plugins": [
            "usr/lib/jvm/java-21-openjdk-amd64/lib/libjimage.so",
            "usr/lib/jvm/java-21-openjdk-amd64/lib/libnio.so",
            "usr/lib/jvm/java-21-openjdk-amd64/lib/libzip.so",
            "usr/lib/jvm/java-21-openjdk-amd64/lib/server/libjvm.so",
            "usr/lib/x86_64-linux-gnu/libblake3.so.*",
            "usr/lib/x86_64-linux-gnu/libzstd-jni.so.*",
        ],
    },
    "bazel_features": {
        "suite": "forky",
        "packages": {"bazel-features": "tells rule sets what this Bazel can do"},
        "trees": {".": "usr/share/bazel/tools/features"},
    },
    "bazel_skylib": {
        "suite": "forky",
        "packages": {"bazel-skylib": "common Starlark functions"},
        "trees": {".": "usr/share/bazel/tools/skylib"},
    },
    "benchmark_src": {
        "suite": "bookworm",
        "packages": {"src:benchmark": "micro-benchmarks on the host"},
        "licence": "Apache-2.0",
        "trees": {"src": "benchmark-*"},
    },
    # Headers only: the source package is seven times the size.
    "boost": {
        "suite": "trixie",
        "packages": {"libboost1.83-dev": "intrusive trees the benchmark compares range indexes with"},
        "trees": {
            "include/boost/assert.hpp": "usr/include/boost/assert.hpp",
            "include/boost/config": "usr/include/boost/config",
            "include/boost/config.hpp": "usr/include/boost/config.hpp",
            "include/boost/cstdint.hpp": "usr/include/boost/cstdint.hpp",
            "include/boost/detail": "usr/include/boost/detail",
            "include/boost/intrusive": "usr/include/boost/intrusive",
            "include/boost/move": "usr/include/boost/move",
            "include/boost/static_assert.hpp": "usr/include/boost/static_assert.hpp",
        },
    },
    "busybox": {
        "suite": "bookworm",
        "packages": {
            "bash-static": "the shell of the root that proves the build hermetic",
            "busybox-static": "all other commands of that root",
        },
        "trees": {
            "bin/bash": "bin/bash-static",
            "bin/busybox": "bin/busybox",
        },
    },
    "busybox_src": {
        "suite": "bookworm",
        "packages": {"src:busybox": "shell and tools of the root file systems, as programs of their own"},
        "licence": "GPL-2.0-only",
        "trees": {"src": "busybox-*"},
    },
    "bzip2": {
        "suite": "bookworm",
        "packages": {"src:bzip2": "a program that uses much memory, for the root file systems"},
        "licence": "bzip2-1.0.6",
        "trees": {"src": "bzip2-*"},
    },
    "googletest_src": {
        "suite": "bookworm",
        "packages": {"src:googletest": "unit tests on the host"},
        "licence": "BSD-3-Clause",
        "trees": {"src": "googletest-*"},
    },
    "gperftools": {
        "suite": "trixie",
        "packages": {"src:google-perftools": "tcmalloc, which the benchmark compares object allocators with"},
        "licence": "BSD-3-Clause",
        "trees": {"src": "gperftools-*/src"},
        # Would make it the process's malloc.
        "drop": ["gperftools-*/src/libc_override.h"],
    },
    "jemalloc": {
        "suite": "trixie",
        "packages": {"src:jemalloc": "an allocator the benchmark compares object allocators with"},
        "licence": "BSD-2-Clause",
        "trees": {
            "include": "jemalloc-*/include",
            "src": "jemalloc-*/src",
        },
    },
    "libcxx": {
        "suite": "bookworm",
        "packages": {
            "libc++-19-dev": "the C++ library of host programs, and its headers in both kernels",
            "libc++abi-19-dev": "run-time support of the C++ library",
            "libunwind-19-dev": "unwinder of the C++ library",
        },
        "trees": {
            "include": "usr/lib/llvm-19/include/c++/v1",
            "lib": "usr/lib/llvm-19/lib",
        },
    },
    # From trixie: bookworm's tarball is no longer on every mirror.
    "libfdt": {
        "suite": "trixie",
        "packages": {"src:device-tree-compiler": "reads the device tree on arm"},
        "licence": "BSD-2-Clause",
        "trees": {"src": "dtc-*/libfdt"},
    },
    "libsodium": {
        "suite": "bookworm",
        "packages": {"src:libsodium": "the cipher behind the kernel's random numbers"},
        "licence": "ISC",
        "trees": {"src": "libsodium-*/src/libsodium"},
    },
    # Kernels of others, for //testing/layoutcheck. The cloud flavour differs from the plain one in drivers.
    "linux": {
        "suite": "bookworm",
        "packages": {
            "linux-image-6.1.0-50-armmp-lpae:armhf": "another kernel to look at from outside: ARM, long descriptors",
            "linux-image-6.1.0-50-armmp:armhf": "another kernel to look at from outside: ARM, short descriptors",
            "linux-image-6.1.0-50-cloud-amd64": "another kernel to look at from outside: x86_64",
        },
        "trees": {
            "boot/amd64": "boot/vmlinuz-6.1.0-50-cloud-amd64",
            "boot/armmp": "boot/vmlinuz-6.1.0-50-armmp",
            "boot/armmp-lpae": "boot/vmlinuz-6.1.0-50-armmp-lpae",
        },
    },
    "llvm": {
        "suite": "bookworm",
        "packages": {
            "clang-19": "the C and C++ compiler",
            "libclang-common-19-dev": "headers of the compiler",
            "libclang-rt-19-dev": "compiler and sanitizer run times for x86_64",
            "libclang-rt-19-dev:armhf": "compiler run time for arm",
            "lld-19": "the linker",
            "llvm-19": "archiver, objcopy, symbol, coverage and debug tools",
        },
        "programs": {
            "clang": _LLVM + "clang",
            "clang++": _LLVM + "clang",
            "ld.lld": _LLVM + "lld",
            "llvm-ar": _LLVM + "llvm-ar",
            "llvm-dwp": _LLVM + "llvm-dwp",
            "llvm-nm": _LLVM + "llvm-nm",
            "llvm-objcopy": _LLVM + "llvm-objcopy",
            "llvm-readelf": _LLVM + "llvm-readobj",
            "llvm-strip": _LLVM + "llvm-objcopy",
        },
        "trees": {"resource": "usr/lib/llvm-19/lib/clang/19"},
    },
    # Apart from @llvm, so that ordinary builds do not fetch curl, gRPC and what they need.
    "llvm_tools": {
        "suite": "bookworm",
        "packages": {
            "clang-format-19": "formats C++",
            "clang-tidy-19": "lints C++",
            "clangd-19": "C++ in editors",
            "llvm-19": "archiver, objcopy, symbol, coverage and debug tools",
        },
        "programs": {
            "clang-format": _LLVM + "clang-format",
            "clang-tidy": _LLVM + "clang-tidy",
            "clangd": _LLVM + "clangd",
            "llvm-cov": _LLVM + "llvm-cov",
            "llvm-objdump": _LLVM + "llvm-objdump",
            "llvm-profdata": _LLVM + "llvm-profdata",
            "llvm-symbolizer": _LLVM + "llvm-symbolizer",
        },
    },
    "lua": {
        "suite": "bookworm",
        "packages": {"src:lua5.4": "a program that uses much memory, for the root file systems"},
        "licence": "MIT",
        "trees": {"src": "lua-*/src"},
    },
    # The second series: trixie has a test release of the third.
    "mimalloc": {
        "suite": "bookworm",
        "packages": {"src:mimalloc": "an allocator the benchmark compares object allocators with"},
        "licence": "MIT",
        "trees": {
            "include": "mimalloc-*/include",
            "src": "mimalloc-*/src",
            "test": "mimalloc-*/test",
        },
    },
    # Apart from @sysroot_musl, which every kernel is compiled with.
    "musl_loader": {
        "suite": "bookworm",
        "packages": {
            "musl": "the dynamic loader and C library of shared programs on x86_64",
            "musl:armhf": "the dynamic loader and C library of shared programs on arm",
        },
        "trees": {
            "arm/libc.so": "lib/arm-linux-musleabihf/libc.so",
            "x86_64/libc.so": "lib/x86_64-linux-musl/libc.so",
        },
    },
    "musl_src": {
        "suite": "bookworm",
        "packages": {"src:musl": "memory and string functions of both kernels"},
        "licence": "MIT",
        "trees": {"src": "musl-*"},
    },
    "nginx": {
        "suite": "bookworm",
        "packages": {
            "nginx": "the server of the remote cache check",
            "nginx-common": "nginx's table of media types",
        },
        "programs": {"nginx": "usr/sbin/nginx"},
        "trees": {"etc/mime.types": "etc/nginx/mime.types"},
    },
    "nlohmann_json": {
        "suite": "bookworm",
        "packages": {"nlohmann-json3-dev": "reads layouts in JSON"},
        "trees": {"include/nlohmann": "usr/include/nlohmann"},
    },
    "platforms": {
        "suite": "forky",
        "packages": {"bazel-platforms": "names of CPUs and operating systems"},
        "trees": {".": "usr/share/bazel/tools/platforms"},
    },
    "python": {
        "suite": "bookworm",
        "packages": {
            "libpython3.11-minimal": "the core of Python's library",
            "libpython3.11-stdlib": "the rest of Python's library",
            "python3.11-minimal": "runs the tools",
        },
        "programs": {"python3": "usr/bin/python3.11"},
        "trees": {"root/lib/python3.11": "usr/lib/python3.11"},
        "plugins": ["usr/lib/python3.11/lib-dynload/*.so"],
        # Parts that need databases and terminals, or are only for developing Python.
        "drop": [
            "usr/lib/python3.11/lib-dynload/_ctypes_test*",
            "usr/lib/python3.11/lib-dynload/_curses*",
            "usr/lib/python3.11/lib-dynload/_dbm*",
            "usr/lib/python3.11/lib-dynload/_sqlite3*",
            "usr/lib/python3.11/lib-dynload/_test*",
            "usr/lib/python3.11/lib-dynload/nis*",
            "usr/lib/python3.11/lib-dynload/ossaudiodev*",
            "usr/lib/python3.11/lib-dynload/readline*",
        ],
        "environment": {
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHOME": "{root}/root",
            "PYTHONNOUSERSITE": "1",
        },
    },
    # No graphics: of QEMU's modules only the emulation of x86, of its firmware only what -kernel needs.
    "qemu": {
        "suite": "bookworm",
        "packages": {
            "qemu-system-arm": "the arm machine",
            "qemu-system-common": "emulation of x86 as a module",
            "qemu-system-data": "boot loaders of -kernel",
            "qemu-system-x86": "the x86_64 machine",
            "seabios": "firmware of the x86_64 machine",
        },
        "programs": {
            "qemu-system-arm": "usr/bin/qemu-system-arm",
            "qemu-system-x86_64": "usr/bin/qemu-system-x86_64",
        },
        "trees": {
            "modules/accel-tcg-x86_64.so": "usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so",
            "share/bios-256k.bin": "usr/share/seabios/bios-256k.bin",
            "share/kvmvapic.bin": "usr/share/qemu/kvmvapic.bin",
            "share/linuxboot.bin": "usr/share/qemu/linuxboot.bin",
            "share/linuxboot_dma.bin": "usr/share/qemu/linuxboot_dma.bin",
            "share/multiboot.bin": "usr/share/qemu/multiboot.bin",
            "share/multiboot_dma.bin": "usr/share/qemu/multiboot_dma.bin",
            "share/pvh.bin": "usr/share/qemu/pvh.bin",
        },
        "plugins": ["usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so"],
        "environment": {"QEMU_MODULE_DIR": "{root}/modules"},
        "arguments": {
            "qemu-system-arm": [
                "-L",
                "{root}/share",
            ],
            "qemu-system-x86_64": [
                "-L",
                "{root}/share",
            ],
        },
    },
    "rules_cc": {
        "suite": "forky",
        "packages": {"bazel-rules-cc": "C and C++ rules"},
        "trees": {".": "usr/share/bazel/rules/cc"},
    },
    "rules_java": {
        "suite": "forky",
        "packages": {"bazel-rules-java": "Java rules, which Bazel's own WORKSPACE suffix loads"},
        "trees": {".": "usr/share/bazel/rules/java"},
    },
    "rules_license": {
        "suite": "forky",
        "packages": {"bazel-rules-license": "licence rules, which the other rule sets load"},
        "trees": {".": "usr/share/bazel/rules/license"},
    },
    "rules_proto": {
        "suite": "forky",
        "packages": {"bazel-rules-proto": "protocol buffer rules, which Bazel's own WORKSPACE suffix loads"},
        "trees": {".": "usr/share/bazel/rules/proto"},
    },
    "rules_python": {
        "suite": "forky",
        "packages": {"bazel-rules-python": "Python rules, which Bazel's own WORKSPACE suffix loads"},
        "trees": {".": "usr/share/bazel/rules/python"},
    },
    "rules_shell": {
        "suite": "forky",
        "packages": {"bazel-rules-shell": "shell rules, which Bazel's own WORKSPACE suffix loads"},
        "trees": {".": "usr/share/bazel/rules/shell"},
    },
    "sqlite": {
        "suite": "bookworm",
        "packages": {"src:sqlite3": "a program that uses much memory, for the root file systems"},
        "licence": "LicenseRef-public-domain",
        "trees": {
            "src/VERSION": "sqlite3-*/VERSION",
            "src/ext": "sqlite3-*/ext",
            "src/manifest": "sqlite3-*/manifest",
            "src/manifest.uuid": "sqlite3-*/manifest.uuid",
            "src/src": "sqlite3-*/src",
            "src/test/speedtest1.c": "sqlite3-*/test/speedtest1.c",
            "src/tool": "sqlite3-*/tool",
        },
    },
    "sysroot_gnu": {
        "suite": "bookworm",
        "packages": {
            "libc6": "the C library of host programs",
            "libc6-dev": "headers and static libraries of the C library",
            "libgcc-12-dev": "start-up files of host programs",
            "libgcc-s1": "unwinder of dynamically linked host programs",
            "libstdc++-12-dev": "GNU's C++ library of the fuzzer and the sanitizers",
            "libstdc++6": "the same as a shared library",
            "linux-libc-dev": "the kernel's interface for host programs",
        },
        "trees": {
            "root/lib": "lib",
            "root/lib64": "lib64",
            "root/usr/include": "usr/include",
            "root/usr/lib": "usr/lib",
        },
    },
    "sysroot_musl": {
        "suite": "bookworm",
        "packages": {
            "musl-dev": "the C library of our user space on x86_64",
            "musl-dev:armhf": "the C library of our user space on arm",
        },
        "trees": {
            "arm/include": "usr/include/arm-linux-musleabihf",
            "arm/lib": "usr/lib/arm-linux-musleabihf",
            "x86_64/include": "usr/include/x86_64-linux-musl",
            "x86_64/lib": "usr/lib/x86_64-linux-musl",
        },
    },
    "tcl": {
        "suite": "bookworm",
        "packages": {"tcl8.6": "makes SQLite's one source file of its many"},
        "programs": {"tclsh": "usr/bin/tclsh8.6"},
        "trees": {"library": "usr/share/tcltk/tcl8.6"},
        "environment": {"TCL_LIBRARY": "{root}/library"},
    },
    "zlib": {
        "suite": "bookworm",
        "packages": {"src:zlib": "a library that uses much memory, for the root file systems"},
        "licence": "Zlib",
        "trees": {"src": "zlib-*"},
    },
}

# Licences of packages (shell patterns) whose copyright file does not say them in machine-readable form, or
# speaks of lesser parts first; read by hand.
LICENCES = {
    "*-19": "Apache-2.0 WITH LLVM-exception",
    "*-19-dev*": "Apache-2.0 WITH LLVM-exception",
    "*python3.11*": "PSF-2.0",
    "libblkid1": "LGPL-2.1-or-later",
    "libbz2-1.0": "bzip2-1.0.6",
    "libc-ares2": "MIT",
    "libclang-cpp19": "Apache-2.0 WITH LLVM-exception",
    "libcom-err2": "MIT",
    "libcrypt1": "LGPL-2.1-or-later",
    "libelf1": "GPL-2.0-or-later OR LGPL-3.0-or-later",
    "libfdt1": "GPL-2.0-or-later OR BSD-2-Clause",
    "libfuse3-3": "LGPL-2.1-only",
    "libgcc-*": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libglib2.0-0": "LGPL-2.1-or-later",
    "libgnutls30": "LGPL-2.1-or-later",
    "libgssapi-krb5-2": "MIT",
    "libhamcrest-java": "BSD-3-Clause",
    "libibverbs1": "GPL-2.0-only OR Linux-OpenIB",
    "libidn2-0": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "libjpeg62-turbo": "IJG AND BSD-3-Clause AND Zlib",
    "libk5crypto3": "MIT",
    "libkeyutils1": "LGPL-2.0-or-later",
    "libkrb5*": "MIT",
    "libldap-2.5-0": "OLDAP-2.8",
    "libllvm19": "Apache-2.0 WITH LLVM-exception",
    "liblzma5": "LicenseRef-public-domain",
    "libmount1": "LGPL-2.1-or-later",
    "libpcre2-8-0": "BSD-3-Clause",
    "libpng16-16": "libpng-2.0",
    "libprotobuf*": "BSD-3-Clause",
    "librdmacm1": "GPL-2.0-only OR Linux-OpenIB",
    "libre2-9": "BSD-3-Clause",
    "libsasl2-2": "BSD-4-Clause",
    "libssh2-1": "BSD-3-Clause",
    "libstdc++*": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libtinfo6": "MIT",
    "libuuid1": "BSD-3-Clause",
    "libxml2": "MIT",
    "linux-image-*": "GPL-2.0-only",
    "openjdk-21-jre-headless": "GPL-2.0-only WITH Classpath-exception-2.0",
    "qemu-*": "GPL-2.0-only",
}

# One program each out of an npm package, for what Debian does not carry; `version` stays until edited here.
NPM_PROGRAMS = {
    "buildifier": {
        "package": "@bazel/buildifier",
        "version": "8.2.1",
        "file": "package/buildifier-linux_amd64",
        "licence": "Apache-2.0",
        "for": "formats BUILD and .bzl files",
    },
}
