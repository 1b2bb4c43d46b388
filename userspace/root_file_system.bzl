"""root_file_system: what an initrd has in it, by processor."""

load("//third_party/busybox:applets.bzl", "APPLETS")
load("//userspace:initrd.bzl", "initrd")

_DIRECTORIES = [
    "bin",
    "dev",
    "etc",
    "proc",
    "root",
    "sys",
    "tmp",
]

# Numbers as in Linux's Documentation/admin-guide/devices.txt.
_DEVICES = {
    "dev/console": "5 1 600",
    "dev/full": "1 7 666",
    "dev/null": "1 3 666",
    "dev/random": "1 8 666",
    "dev/tty": "5 0 666",
    "dev/urandom": "1 9 666",
    "dev/zero": "1 5 666",
}

# Where programs look for musl's loader.
LOADERS = {
    "arm": "lib/ld-musl-armhf.so.1",
    "x86_64": "lib/ld-musl-x86_64.so.1",
}

# What the system process finds in /lib/drivers.
_DRIVERS = [
    "clock",
    "serial",
    "virtio_block",
    "virtio_entropy",
]

_SYSTEM_DIRECTORIES = [
    "lib",
    "lib/drivers",
    "system",
]

_TEST_SCRIPTS = [
    "all",
    "lua",
    "mimalloc",
    "shell",
    "sqlite",
]

def small_root_file_system(*, name, cpu):
    """`<name>.cpio`: a shell and tools, for machines with little memory.

    Args:
      name: the target.
      cpu: arm or x86_64.
    """
    _root(name = name, cpu = cpu)

def root_file_system(*, name, cpu):
    """`<name>.cpio`: the same with the system process and its drivers, and the test programs with what they need.

    Args:
      name: the target.
      cpu: arm or x86_64.
    """
    _root(
        name = name,
        cpu = cpu,
        directories = _SYSTEM_DIRECTORIES + ["test"] + (["debian", "debian/bin"] if cpu == "x86_64" else []),
        files = {
            "//userspace/tests:ktap.sh": "test/ktap.sh",
            "//userspace/tests:memory.lua": "test/memory.lua",
        },
        links = {
            # Its name when a program is linked with it.
            "lib/libc.so": LOADERS[cpu].rpartition("/")[2],
        },
        programs = _system({driver: "lib/drivers/%s.so" % driver for driver in _DRIVERS}) | {
            "//userspace/tests:" + script: "test/" + script
            for script in _TEST_SCRIPTS
        } | {
            "//userspace/tests:compress.stripped": "test/compress",
            "//userspace/tests:dynamic.stripped": "test/dynamic",
            "//userspace/tests:heap.stripped": "test/heap",
            "//userspace/tests:libextra.so": "lib/libextra.so",
            "//userspace/tests:libprobe.so": "lib/libprobe.so",
            "@lua//:lua.stripped": "bin/lua",
            "@mimalloc//:test-stress.stripped": "bin/test-stress",
            "@musl_loader//:%s/libc.so" % cpu: LOADERS[cpu],
            "@sqlite//:speedtest1.stripped": "bin/speedtest1",
            "@sqlite//:sqlite3.stripped": "bin/sqlite3",
        } | ({
            # Debian's own, for glibc and linked to a fixed address: nothing of it was built here.
            "//userspace/tests:debian": "test/debian",
            "@busybox//:bin/busybox": "debian/bin/busybox",
        } if cpu == "x86_64" else {}),
    )

def device_root_file_system(*, name, cpu):
    """`<name>.cpio`: the small one with the system process, its drivers, and programs that try them.

    Args:
      name: the target.
      cpu: arm or x86_64.
    """
    _root(
        name = name,
        cpu = cpu,
        directories = _SYSTEM_DIRECTORIES + ["test", "test/drivers"],
        programs = _system({driver: "lib/drivers/%s.so test/drivers/%s.so" % (driver, driver) for driver in _DRIVERS}) | {
            "//userspace/system/tests:crash.so": "test/drivers/crash.so",
            "//userspace/system/tests:disk_file_tests.stripped": "test/disk_file_tests",
            "//userspace/system/tests:driver_tests.stripped": "test/driver_tests",
            "@musl_loader//:%s/libc.so" % cpu: LOADERS[cpu],
        },
    )

def _system(paths):
    """The system process, and its drivers at the paths."""
    return {
        "//userspace/drivers/objects:%s.so" % driver: path
        for driver, path in paths.items()
    } | {"//userspace/system:system.stripped": "system/dispatcher"}

def _root(*, name, cpu, directories = [], files = {}, links = {}, programs = {}):
    initrd(
        name = name,
        devices = _DEVICES,
        directories = _DIRECTORIES + directories,
        directory_modes = {"tmp": "1777"},
        files = {
            "//userspace/root:group": "etc/group",
            "//userspace/root:passwd": "etc/passwd",
            "//userspace/root:profile": "etc/profile",
        } | files,
        links = {"bin/" + applet: "busybox" for applet in APPLETS} | links,
        platform = "//platforms:user_" + cpu,
        programs = {
            "//userspace/root:init": "init",
            "@busybox_src//:busybox.stripped": "bin/busybox",
        } | programs,
        visibility = ["//visibility:public"],
    )
