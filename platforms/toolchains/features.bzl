"""The features a target, a platform transition or --features can switch."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "ACTION_NAMES")
load(
    "@bazel_tools//tools/cpp:cc_toolchain_config_lib.bzl",
    "feature",
    "feature_set",
    "flag_group",
    "flag_set",
    "with_feature_set",
)

CPP_ACTIONS = [
    ACTION_NAMES.cpp_compile,
    ACTION_NAMES.cpp_header_parsing,
    ACTION_NAMES.cpp_module_compile,
    ACTION_NAMES.cpp_module_codegen,
    ACTION_NAMES.linkstamp_compile,
]
ASSEMBLE_ACTIONS = [
    ACTION_NAMES.assemble,
    ACTION_NAMES.preprocess_assemble,
]
COMPILE_ACTIONS = [ACTION_NAMES.c_compile] + CPP_ACTIONS + ASSEMBLE_ACTIONS
LINK_ACTIONS = [
    ACTION_NAMES.cpp_link_executable,
    ACTION_NAMES.cpp_link_dynamic_library,
    ACTION_NAMES.cpp_link_nodeps_dynamic_library,
]

# Features whose run-time library needs the dynamic loader. Everything else on the host is linked
# fully static.
_NEEDS_LOADER = ["asan", "fuzzer", "tsan"]

# Where a test finds the pinned glibc, from the directory Bazel starts it in:
# tools/sanitize puts it among the data.
_PINNED_GLIBC = "../sysroot_gnu/root/lib/x86_64-linux-gnu"

def flags(actions, flags, **kwargs):
    """A flag_set of plain flags."""
    return flag_set(actions = actions, flag_groups = [flag_group(flags = flags)], **kwargs)

def always(name, flag_sets):
    """A feature that is on in every build of the toolchain."""
    return feature(name = name, enabled = True, flag_sets = flag_sets)

def compilation_modes(fastbuild):
    """The three compilation modes; `fastbuild` are the flags of the default one."""
    modes = {
        "dbg": ["-O0", "-g"],
        "fastbuild": fastbuild,
        "opt": ["-O2", "-g1"],
    }
    return [feature(name = mode) for mode in modes] + [always("compilation_mode_flags", [
        flags(COMPILE_ACTIONS, options, with_features = [with_feature_set(features = [mode])])
        for mode, options in modes.items()
    ])]

def host_features():
    """Sanitizers, fuzzing, coverage, and the static linking the others need."""
    return [
        always("static_unless_loader_needed", [flags(
            LINK_ACTIONS,
            ["-static"],
            with_features = [with_feature_set(not_features = _NEEDS_LOADER)],
        )]),
        feature(name = "pinned_loader", flag_sets = [flags(LINK_ACTIONS, [
            "-Wl,--dynamic-linker=%s/ld-linux-x86-64.so.2" % _PINNED_GLIBC,
            "-Wl,-rpath," + _PINNED_GLIBC,
        ])]),
        _sanitizer("asan", "address", ["-fsanitize-address-use-after-scope"]),
        _sanitizer("tsan", "thread", []),
        _sanitizer("ubsan", "undefined", ["-fno-sanitize-recover=all"]),
        feature(name = "fuzzer", flag_sets = [
            flags(COMPILE_ACTIONS, ["-fsanitize=fuzzer-no-link", "-g", "-O1"]),
            flags(LINK_ACTIONS, ["-fsanitize=fuzzer-no-link"]),
        ]),
        # libFuzzer's main(). It was built against libstdc++, which shares a few ABI functions with
        # libc++.
        feature(
            name = "libfuzzer_main",
            flag_sets = [flags(LINK_ACTIONS, [
                "-fsanitize=fuzzer",
                "-Wl,--push-state,-Bstatic,-l:libstdc++.a,--pop-state,-z,muldefs",
            ])],
            requires = [feature_set(features = ["fuzzer"])],
        ),
        feature(name = "source_coverage", flag_sets = [
            flags(COMPILE_ACTIONS, ["-fprofile-instr-generate", "-fcoverage-mapping"]),
            flags(LINK_ACTIONS, ["-fprofile-instr-generate"]),
        ]),
    ]

def kernel_features():
    """Undefined behaviour becomes a trap, which the kernel reports as a panic."""
    return [feature(name = "ubsan_trap", flag_sets = [
        # "function" reads a word before each function, which assembly functions do not have.
        flags(COMPILE_ACTIONS, [
            "-fsanitize=undefined",
            "-fsanitize-trap=undefined",
            "-fno-sanitize=function",
        ]),
    ])]

def musl_features(static_program, shared_program):
    """How a program gets its C library: as a part of itself, or with `shared_libc` through the dynamic loader."""
    program = [ACTION_NAMES.cpp_link_executable]
    return [
        feature(name = "shared_libc", flag_sets = [flags(program, shared_program)]),
        always("static_libc", [flags(
            program,
            static_program,
            with_features = [with_feature_set(not_features = ["shared_libc"])],
        )]),
        # In place of Bazel's: programs find their libraries in /lib, not where they lie in the build.
        feature(name = "runtime_library_search_directories"),
    ]

def _sanitizer(name, sanitizer, options):
    return feature(name = name, flag_sets = [
        flags(COMPILE_ACTIONS, ["-fsanitize=" + sanitizer, "-g", "-O1"] + options),
        flags(LINK_ACTIONS, ["-fsanitize=" + sanitizer]),
    ])
