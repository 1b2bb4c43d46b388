"""Tests of the root file systems on Linux: the one that builds them, and Debian's in QEMU."""

load("@rules_shell//shell:sh_test.bzl", "sh_test")
load("//platforms:transition.bzl", "for_platform")
load("//third_party/busybox:applets.bzl", "APPLETS")

_LINUX = {
    "arm": struct(
        console = "ttyAMA0",
        cpu = "cortex-a15",
        kernel = "@linux//:boot/armmp",
        qemu = "@qemu//:bin/qemu-system-arm",
    ),
    "x86_64": struct(
        console = "ttyS0",
        cpu = "max",
        kernel = "@linux//:boot/amd64",
        qemu = "@qemu//:bin/qemu-system-x86_64",
    ),
}

# What is tried, with which of the root file systems.
_TRIALS = {
    "shell": ("initrd_small_", "160M"),
    "tests": ("initrd_", "256M"),
}

def linux_tests(*, name):
    """`<name>_<cpu>_<trial>_test`.

    Args:
      name: what the tests' names begin with.
    """
    for cpu, spec in _LINUX.items():
        for trial, (initrd, memory) in _TRIALS.items():
            files = [
                spec.qemu,
                spec.kernel,
                ":" + initrd + cpu,
            ]
            sh_test(
                name = "%s_%s_%s_test" % (name, cpu, trial),
                size = "medium",
                srcs = ["linux_test.sh"],
                args = [trial, spec.cpu, memory, spec.console] + ["$(rootpath %s)" % file for file in files],
                data = files + [
                    "//testing/boot:runner_files",
                    "@qemu//:data",
                ],
                tags = ["boot"],
            )

def host_test(*, name):
    """The programs for x86_64, without a machine of their own.

    Args:
      name: the test.
    """

    # It goes by no other name.
    busybox = "busybox_x86_64"
    for_platform(
        name = busybox,
        platform = "//platforms:user_x86_64",
        target = "@busybox_src//:busybox.stripped",
    )
    files = [
        ":initrd_x86_64",
        ":" + busybox,
    ]
    sh_test(
        name = name,
        size = "small",
        srcs = ["host_test.sh"],
        args = ["$(rootpath %s)" % file for file in files] + ["'%s'" % applet for applet in APPLETS],
        data = files,
    )
