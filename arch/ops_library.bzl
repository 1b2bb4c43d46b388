"""ops_library: one noun of an architecture's operations."""

_KERNEL = ["//platforms:kernel"]

def ops_library(*, name, cpu, srcs = [], hdrs = [], deps = [], defines = [], visibility = None):
    """A library of arch/<a>/ops.

    Whatever the architecture, its headers are included as `arch/ops/<name>.h`, and only so: portable code gets those of
    the architecture that is being built.

    Args:
      name: the noun, also the stem of its files.
      cpu: the constraint value of the architecture.
      srcs: its sources.
      hdrs: its headers.
      deps: what it needs.
      defines: for it and whoever depends on it.
      visibility: who else may use it; by default only the architecture.
    """
    native.cc_library(
        name = name,
        srcs = srcs,
        hdrs = hdrs,
        defines = defines,
        include_prefix = "arch/ops",
        strip_include_prefix = "/" + native.package_name(),
        target_compatible_with = _KERNEL + [cpu],
        visibility = visibility,
        deps = deps,
    )
