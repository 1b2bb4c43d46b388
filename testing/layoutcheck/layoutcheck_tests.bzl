"""layoutcheck_tests: looks at each image from outside while it runs, whole and with its page tables changed."""

load("@rules_shell//shell:sh_test.bzl", "sh_test")
load("//platforms:transition.bzl", "for_platform")

# Image: its layout, QEMU's program, and machines: a name to QEMU's -M, -cpu and -m.
_IMAGES = {
    "arm_sos": struct(
        layout = "sos",
        machines = {
            "512M": ("virt", "cortex-a15", "512M"),
            "3G": ("virt", "cortex-a7", "3G"),
        },
        qemu = "@qemu//:bin/qemu-system-arm",
    ),
    "x86_64_osz": struct(
        layout = "osz",
        machines = {
            # Processors with five levels of page tables, and with four.
            "five_levels": ("q35", "max", "512M"),
            "four_levels": ("pc", "qemu64", "6G"),
        },
        qemu = "@qemu//:bin/qemu-system-x86_64",
    ),
}

def layoutcheck_tests(*, name):
    """All of them.

    Args:
      name: what the tests' names begin with.
    """
    for image, spec in _IMAGES.items():
        kernel = "%s_%s_image" % (name, image)
        for_platform(
            name = kernel,
            testonly = True,
            platform = "//platforms:" + image,
            tags = ["manual"],
            target = "//kernel",
            visibility = ["//visibility:private"],
        )
        for machine, options in spec.machines.items():
            _test("%s_%s_%s_test" % (name, image, machine), "good_test.sh", image, spec, options, kernel, [])
            _test("%s_%s_%s_fault_test" % (name, image, machine), "fault_test.sh", image, spec, options, kernel, [":change_entry"])

def _test(name, script, image, spec, options, kernel, programs):
    files = [spec.qemu, ":" + kernel, "//tools/layoutcheck", "//layouts:%s_json" % spec.layout] + programs
    sh_test(
        name = name,
        size = "small",
        srcs = [script],
        args = [image] + list(options) + ["$(rootpath %s)" % file for file in files],
        data = files + [
            "boot.sh",
            "//testing/boot:guest.sh",
            "//tools/boot:machines.sh",
            "@qemu//:data",
        ],
        tags = ["boot"],
    )
