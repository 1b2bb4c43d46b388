"""driver_object: a driver as the shared object that the system process loads."""

# What of it is seen from outside is its entry; what is seen from inside are functions that copy and compare memory. It has
# nothing that runs when it is loaded, and its names are found through the older of the two tables, which is the one that
# can be checked.
_LINK = [
    "-Wl,-init=none",
    "-Wl,-fini=none",
    "-Wl,--hash-style=sysv",
    "-Wl,-Bsymbolic",
]

def driver_object(*, name, srcs, deps = []):
    """`<name>.so`.

    Args:
      name: as in /lib/drivers, without the ending.
      srcs: C++ files.
      deps: what the driver is made of, all of it position independent and hidden.
    """
    native.cc_binary(
        name = name + ".so",
        srcs = srcs + [
            "//userspace/drivers/objects:check_failed.cc",
            "//userspace/drivers/objects:device_registers.h",
        ],
        copts = [
            "-O2",
            "-fPIC",
            "-fvisibility=hidden",
        ],
        linkopts = _LINK + ["-Wl,-soname,%s.so" % name],
        linkshared = True,
        target_compatible_with = ["//platforms:musl"],
        deps = deps + [
            "//kernel/base:check",
            "//kernel/base:result",
            "//userspace/drivers:dma_memory",
            "//userspace/drivers:driver_object",
            "//userspace/drivers:mmio_block",
            "//userspace/drivers:port_block",
            "//userspace/drivers/virtio:transport",
        ],
        visibility = [
            "//testing/guest:__pkg__",
            "//testing/programs:__pkg__",
            "//tools/lint:__pkg__",
            "//userspace:__subpackages__",
        ],
    )
