"""guest_kernel and guest_test: a kernel in QEMU, and a script that looks at it from outside while it runs."""

load("@rules_shell//shell:sh_test.bzl", "sh_test")
load("//layouts:layouts.bzl", "processor_of")
load("//platforms:transition.bzl", "for_platform")

def guest_kernel(*, name, image, kernel):
    """`<name>`, what QEMU starts, and `<name>.elf`, what the linker made.

    Args:
      name: for tests, which take it as their kernel.
      image: a row of //testing/boot:boot_tests.bzl.
      kernel: a kernel_image.
    """
    for ending, target in [("", kernel), (".elf", Label(kernel).same_package_label(Label(kernel).name + ".elf"))]:
        for_platform(
            name = name + ending,
            testonly = True,
            platform = image.platform,
            tags = ["manual"],
            target = target,
            visibility = ["//visibility:private"],
        )

def guest_depths(image):
    """Machine, processor and memory for each depth of page tables, by processor."""
    return {cpu: (image.machines[0], cpu, "512M") for cpu in image.depths or [image.default_cpu]}

def guest_test(*, name, script, image, options, kernel, programs = []):
    """Runs `script IMAGE MACHINE CPU MEMORY QEMU KERNEL ELF LAYOUTCHECK LAYOUT PROGRAM...`.

    Args:
      name: the test.
      script: for boot.sh and its functions; a label.
      image: a row of //testing/boot:boot_tests.bzl.
      options: machine, processor and memory.
      kernel: a guest_kernel of this package.
      programs: more files.
    """
    files = [
        "@qemu//:bin/qemu-system-" + processor_of(image.name),
        ":" + kernel,
        ":%s.elf" % kernel,
        "//tools/layoutcheck",
        image.json,
    ] + programs
    sh_test(
        name = name,
        size = "small",
        srcs = [script],
        args = [image.name] + list(options) + ["$(rootpath %s)" % file for file in files],
        data = files + [
            "//testing/boot:guest.sh",
            "//testing/layoutcheck:boot.sh",
            "//tools/boot:machines.sh",
            "@qemu//:data",
        ],
        tags = ["boot"],
    )
