"""layout_image: a layout in any package, its kernel image, and everything that is checked of the published ones."""

load("//layouts:layout.bzl", "layout")
load("//layouts:layouts.bzl", "layout_of")
load("//platforms:image_platform.bzl", "image_platform")
load("//platforms:transition.bzl", "for_platform")
load("//testing/boot:boot_tests.bzl", "boot_tests", "image")
load("//testing/layoutcheck:layoutcheck_tests.bzl", "layoutcheck_tests")
load("//testing/programs:program_tests.bzl", "program_tests")
load("//testing/sabotage:sabotage_tests.bzl", "sabotage_tests")

def layout_image(*, name, high_memory = [], user_last = "0x[0-9a-f]{16}", **kwargs):
    """The layout in `<layout>.h` of this package, on one processor.

    Makes what //layouts has of a published one (`:<layout>`, its numbers, its page and its picture), the platform
    `:<name>`, the kernel `:<name>_kernel` and `:<name>_kernel.elf`, and the tests that every image has: boots on all
    machines, processors and memories, the checks from outside, programs, kernels built wrong.

    Args:
      name: <processor>_<layout>. The processor is arm or x86_64; the layout is that of the header and of its namespace,
        layouts::<layout>.
      high_memory: amounts of memory (//testing/boot:boot_tests.bzl has them) that the direct map does not show whole.
      user_last: for a layout with a table for each depth of page tables, which one belongs to which processor.
      **kwargs: depths, direct_mappings, forbid, tests: see image() in //testing/boot:boot_tests.bzl.
    """
    layout(name = layout_of(name))
    image_platform(
        name = name,
        layout = "//platforms:other",
    )
    for ending in ["", ".elf"]:
        for_platform(
            name = "%s_kernel%s" % (name, ending),
            platform = ":" + name,
            target = "//kernel:kernel" + ending,
        )
    images = [image(
        name = name,
        high_memory = high_memory,
        package = "//" + native.package_name(),
        user_last = user_last,
        **kwargs
    )]
    boot_tests(name = "boot", images = images)
    layoutcheck_tests(name = "layoutcheck", images = images)
    program_tests(name = "programs", images = images)
    sabotage_tests(name = "sabotage", images = images)
