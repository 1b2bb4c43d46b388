"""mm_test: one test source, run on the host and inside the kernels."""

def mm_test(*, name, srcs, deps, **kwargs):
    """A GoogleTest on the host, and the same tests as a library for a kernel.

    Args:
      name: the host test; `<name>_in_kernel` is the library that //kernel:kernel_test links.
      srcs: sources that include "testing/unit/test.h".
      deps: the libraries under test, for every platform.
      **kwargs: common attributes, such as size, of the host test.
    """
    native.cc_test(
        name = name,
        srcs = srcs,
        deps = deps + [
            "//kernel/base:check_abort",
            "//testing/unit:host_test",
            "@googletest_src//:gtest_main",
        ],
        target_compatible_with = ["@platforms//os:linux"],
        **dict({"size": "small"}, **kwargs)
    )
    native.cc_library(
        name = name + "_in_kernel",
        srcs = srcs,
        deps = deps + ["//testing/unit:kernel_test"],
        target_compatible_with = ["@platforms//os:none"],
        visibility = ["//kernel:__subpackages__"],
        alwayslink = True,
    )
