"""llvm_toolchain_config: the description of one cc_toolchain on the pinned LLVM."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "ACTION_NAMES")
load(
    "@bazel_tools//tools/cpp:cc_toolchain_config_lib.bzl",
    "action_config",
    "feature",
    "flag_group",
    "flag_set",
    "tool",
)
load(
    ":features.bzl",
    "ASSEMBLE_ACTIONS",
    "COMPILE_ACTIONS",
    "CPP_ACTIONS",
    "LINK_ACTIONS",
    "always",
    "compilation_modes",
    "flags",
    "host_features",
    "kernel_features",
    "musl_features",
)
load(
    ":flags.bzl",
    "CODE_SHAPE",
    "CXX_LANGUAGE",
    "LINK",
    "MUSL_SHARED_PROGRAM",
    "MUSL_STATIC_PROGRAM",
    "REPRODUCIBLE",
    "WARNINGS",
)

_COMPILE_IMPLIES = [
    "user_compile_flags",
    "sysroot",
    "compiler_input_flags",
    "compiler_output_flags",
]
_LINK_IMPLIES = [
    "linkstamps",
    "output_execpath_flags",
    "library_search_directories",
    "libraries_to_link",
    "user_link_flags",
    "linker_param_file",
]

def _action_configs(ctx):
    def action(name, program, **kwargs):
        return action_config(
            action_name = name,
            enabled = True,
            tools = [tool(tool = program)],
            **kwargs
        )

    strip_flags = flag_set(flag_groups = [
        flag_group(flags = ["-S", "-o", "%{output_file}"]),
        flag_group(flags = ["%{stripopts}"], iterate_over = "stripopts"),
        flag_group(flags = ["%{input_file}"]),
    ])
    configs = [
        action(name, ctx.file._clang, implies = _COMPILE_IMPLIES)
        for name in COMPILE_ACTIONS
    ]
    for name in LINK_ACTIONS:
        kind = "force_pic_flags" if name == ACTION_NAMES.cpp_link_executable else "shared_flag"
        configs.append(action(name, ctx.file._clangxx, implies = _LINK_IMPLIES + [kind]))
    return configs + [
        action(
            ACTION_NAMES.cpp_link_static_library,
            ctx.file._ar,
            implies = ["archiver_flags", "linker_param_file"],
        ),
        action(ACTION_NAMES.strip, ctx.file._strip, flag_sets = [strip_flags]),
    ]

def _impl(ctx):
    llvm = ctx.file._clang.owner.workspace_root
    resource = llvm + "/resource"
    paths = {
        "{libcxx}": Label("@libcxx//:all").workspace_root,
        "{resource}": resource,
        "{sysroot}": ctx.file.sysroot.path,
    }

    def expand(options):
        for placeholder, path in paths.items():
            options = [option.replace(placeholder, path) for option in options]
        return options

    # The driver is started through a wrapper: it must not look for its files beside itself.
    driver = ["-no-canonical-prefixes", "-resource-dir=" + resource]
    compile_flags = ["--target=" + ctx.attr.target] + driver + REPRODUCIBLE + WARNINGS + CODE_SHAPE
    link_flags = ["--target=" + (ctx.attr.link_target or ctx.attr.target)] + driver + [
        "--ld-path=%s/bin/ld.lld" % llvm,
    ] + LINK

    features = [
        always("default_compile_flags", [
            flags(COMPILE_ACTIONS, compile_flags + expand(ctx.attr.copts)),
        ]),
        always("default_cpp_flags", [flags(CPP_ACTIONS, CXX_LANGUAGE + expand(ctx.attr.cxxopts))]),
        always("default_include_flags", [
            flags(CPP_ACTIONS, expand(ctx.attr.cxx_includes)),
            flags(COMPILE_ACTIONS, expand(ctx.attr.includes)),
        ] if ctx.attr.includes else []),
        # Most compiler flags mean nothing to an assembly file.
        always("assembly_flags", [flags(ASSEMBLE_ACTIONS, ["-Wno-unused-command-line-argument"])]),
        always("default_link_flags", [flags(LINK_ACTIONS, link_flags + expand(ctx.attr.linkopts))]),
        feature(name = "supports_start_end_lib", enabled = False),
    ] + compilation_modes(ctx.attr.fastbuild)
    if ctx.attr.abi == "gnu":
        features += host_features()
    elif ctx.attr.abi == "kernel":
        features += kernel_features()
    elif ctx.attr.abi == "musl":
        features += musl_features(expand(MUSL_STATIC_PROGRAM), expand(MUSL_SHARED_PROGRAM))

    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        features = features,
        action_configs = _action_configs(ctx),
        toolchain_identifier = ctx.label.name,
        target_system_name = ctx.attr.target,
        target_cpu = ctx.attr.cpu,
        target_libc = ctx.attr.abi,
        compiler = "clang",
        abi_version = ctx.attr.abi,
        abi_libc_version = ctx.attr.abi,
        host_system_name = "x86_64-linux",
        cxx_builtin_include_directories = ["%workspace%/" + path for path in [
            resource + "/include",
            resource + "/share",
            paths["{libcxx}"] + "/include",
            paths["{sysroot}"],
            "platforms/toolchains/libcxx_freestanding",
        ]],
        builtin_sysroot = paths["{sysroot}"] if ctx.attr.abi == "gnu" else None,
    )

def _program(name):
    return attr.label(default = "@llvm//:bin/" + name, allow_single_file = True)

llvm_toolchain_config = rule(
    implementation = _impl,
    attrs = {
        "abi": attr.string(mandatory = True, values = ["gnu", "kernel", "musl"]),
        "copts": attr.string_list(doc = "for every source file"),
        "cpu": attr.string(mandatory = True, doc = "Bazel's name of the target CPU"),
        "cxx_includes": attr.string_list(doc = "header search of C++, before `includes`"),
        "cxxopts": attr.string_list(doc = "for C++ only"),
        "fastbuild": attr.string_list(mandatory = True, doc = "flags of the default mode"),
        "includes": attr.string_list(doc = "header search; empty: the driver's own"),
        "link_target": attr.string(doc = "another target triple for linking"),
        "linkopts": attr.string_list(),
        "sysroot": attr.label(mandatory = True, allow_single_file = True),
        "target": attr.string(mandatory = True, doc = "LLVM target triple"),
        "_ar": _program("llvm-ar"),
        "_clang": _program("clang"),
        "_clangxx": _program("clang++"),
        "_strip": _program("llvm-strip"),
    },
    provides = [CcToolchainConfigInfo],
)
