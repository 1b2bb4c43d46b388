"""llvm_toolchain: configuration, tool files and registration of one toolchain."""

load(":config.bzl", "llvm_toolchain_config")

def llvm_toolchain(*, name, constraints, headers, **config):
    """Declares `name` for register_toolchains().

    Args:
      name: the toolchain.
      constraints: what a platform has to be for it to be chosen.
      headers: files of the sysroot and of the C++ library.
      **config: attributes of llvm_toolchain_config.
    """
    llvm_toolchain_config(name = name + "_config", **config)
    for stage in ["compile", "link", "all"]:
        native.filegroup(
            name = "%s_%s" % (name, stage),
            srcs = ["@llvm//:%s_files" % stage] + headers,
        )
    native.cc_toolchain(
        name = name + "_cc",
        all_files = name + "_all",
        ar_files = "@llvm//:ar_files",
        as_files = name + "_compile",
        compiler_files = name + "_compile",
        dwp_files = name + "_all",
        linker_files = name + "_link",
        objcopy_files = "@llvm//:objcopy_files",
        strip_files = "@llvm//:strip_files",
        supports_param_files = True,
        toolchain_config = name + "_config",
    )
    native.toolchain(
        name = name,
        exec_compatible_with = ["@platforms//os:linux", "@platforms//cpu:x86_64"],
        target_compatible_with = constraints,
        toolchain = name + "_cc",
        toolchain_type = "@bazel_tools//tools/cpp:toolchain_type",
    )
