"""Tests that look at kernels from outside while they run: at our images, whole and with their page tables changed, and at
Linux."""

load("@rules_shell//shell:sh_test.bzl", "sh_test")
load("//layouts:layouts.bzl", "processor_of")
load("//testing/boot:boot_tests.bzl", "IMAGES")
load("//userspace:initrd.bzl", "initrd")
load(":guest_test.bzl", "guest_depths", "guest_kernel", "guest_test")

def layoutcheck_tests(*, name, images = IMAGES):
    """All of them.

    Args:
      name: what the tests' names begin with.
      images: whose.
    """
    for image in images:
        kernel = "%s_%s_image" % (name, image.name)
        guest_kernel(name = kernel, image = image, kernel = "//kernel")

        # Each depth of page tables, and the most memory, some of it beyond the direct map where that ends.
        machines = guest_depths(image)
        machines["high_memory"] = (image.machines[-1], image.cpus.keys()[-1], image.memories.keys()[-1])
        for machine, options in machines.items():
            prefix = "%s_%s_%s_" % (name, image.name, machine)
            guest_test(
                name = prefix + "test",
                image = image,
                kernel = kernel,
                options = options,
                script = "//testing/layoutcheck:good_test.sh",
            )
            guest_test(
                name = prefix + "fault_test",
                image = image,
                kernel = kernel,
                options = options,
                programs = ["//testing/layoutcheck:change_entry"],
                script = "//testing/layoutcheck:fault_test.sh",
            )
        for depth, options in guest_depths(image).items():
            guest_test(
                name = "%s_%s_%s_crowd_test" % (name, image.name, depth),
                image = image,
                kernel = kernel,
                options = options,
                programs = [
                    "//testing/layoutcheck:change_entry",
                    "//testing/programs:crowd_" + processor_of(image.name),
                ],
                script = "//testing/layoutcheck:crowd_test.sh",
            )

# Kernels of @linux: console, QEMU's program, the layout of its documentation, and what breaks the rules once all is protected.
_LINUX = {
    "amd64": struct(
        console = "ttyS0",
        # Parts of the image that are needed no more serve others, and stay writable where the kernel was linked.
        known = ["writable alias of code: the frame at 0x[0-9a-f]+ is user code$"],
        layout = "linux/linux_x86_64.json",
        qemu = "@qemu//:bin/qemu-system-x86_64",
        user = "x86_64",
    ),
    "armmp": struct(
        console = "ttyAMA0",
        # What the exception vectors lead to is writable in the direct map.
        known = ["writable alias of code: the frame at 0x[0-9a-f]+ is (kernel|user) code$"],
        layout = "linux/linux_arm.json",
        qemu = "@qemu//:bin/qemu-system-arm",
        user = "arm",
    ),
}
_LINUX_KERNELS = {
    "amd64": "amd64",
    "armmp": "armmp",
    "armmp-lpae": "armmp",
}

def linux_tests(*, name):
    """Linux, before and after it has protected its memory.

    Args:
      name: what the tests' names begin with.
    """
    for family, spec in _LINUX.items():
        initrd(
            name = "%s_%s_initrd" % (name, family),
            testonly = True,
            platform = "//platforms:user_" + spec.user,
            programs = {"//userspace/hello": "init"},
        )
    for kernel, family in _LINUX_KERNELS.items():
        cpu = "max" if family == "amd64" else "cortex-a15"
        _linux_test(name, "late", kernel, family, cpu, _LINUX[family].known)
    _linux_test(name, "early", "amd64", "amd64", "qemu64", ["text +[0-9]+ faults?,", "writable and executable: user --- kernel rwx"])
    _linux_test(name, "early", "armmp", "armmp", "cortex-a7", ["direct +[0-9]+ faults?,", "writable and executable: user --- kernel rwx"])

def _linux_test(name, when, kernel, family, cpu, known):
    spec = _LINUX[family]
    files = [
        spec.qemu,
        "@linux//:boot/" + kernel,
        "//tools/layoutcheck",
        spec.layout,
        "%s_%s_initrd" % (name, family),
    ]
    sh_test(
        name = "%s_%s_%s_test" % (name, kernel, when),
        size = "medium",
        srcs = ["linux_test.sh"],
        args = [when, cpu, spec.console] + ["$(rootpath %s)" % file for file in files] +
               ["'%s'" % fault.replace("$", "$$") for fault in known],
        data = files + [
            "//testing/boot:guest.sh",
            "@qemu//:data",
        ],
        tags = ["boot"],
    )
