"""guest_tests: a program that reports KTAP, run on the host and as the first process of Linux."""

load("@rules_shell//shell:sh_test.bzl", "sh_test")
load("//platforms:transition.bzl", "for_platform")
load("//userspace:initrd.bzl", "initrd")

_LINUX = {
    "arm": struct(
        kernel = "@linux//:boot/armmp",
        qemu = "@qemu//:bin/qemu-system-arm",
    ),
    "x86_64": struct(
        kernel = "@linux//:boot/amd64",
        qemu = "@qemu//:bin/qemu-system-x86_64",
    ),
}

def guest_tests(*, name, program, arguments = [], linux_arguments = {}):
    """<name>_host_test, <name>_linux_arm_test, <name>_linux_x86_64_test, and <name>_arm and <name>_x86_64: file systems.

    Args:
      name: what the targets' names begin with.
      program: a static program; `/init` in the file systems.
      arguments: what it gets.
      linux_arguments: what it gets besides on Linux, by the processor's name.
    """
    for_platform(
        name = name + "_program",
        testonly = True,
        platform = "//platforms:user_x86_64",
        target = program,
    )
    _test(name + "_host_test", ["host"], [name + "_program"], arguments + linux_arguments.get("x86_64", []))
    for cpu, linux in _LINUX.items():
        initrd(
            name = "%s_%s" % (name, cpu),
            testonly = True,
            platform = "//platforms:user_" + cpu,
            programs = {program: "init"},
        )
        _test(
            "%s_linux_%s_test" % (name, cpu),
            [cpu],
            [linux.qemu, linux.kernel, "%s_%s" % (name, cpu)],
            arguments + linux_arguments.get(cpu, []),
            data = ["@qemu//:data"],
            tags = ["boot"],
        )

def _test(name, first, files, last, data = [], tags = []):
    run = "//testing/boot:run.sh"
    sh_test(
        name = name,
        size = "medium",
        srcs = ["//testing/guest:linux_test.sh"],
        args = ["$(rootpath %s)" % run] + first + ["$(rootpath %s)" % file for file in files] + last,
        data = [
            run,
            "//testing/boot:runner_files",
        ] + files + data,
        tags = tags,
    )
