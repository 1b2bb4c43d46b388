"""sabotage_tests: every image, built wrong on purpose in every way."""

load("//testing/boot:boot_tests.bzl", "IMAGES")
load("//testing/layoutcheck:guest_test.bzl", "guest_depths", "guest_kernel", "guest_test")

def sabotage_tests(*, name, images = IMAGES):
    """One for each image and depth of its page tables.

    Args:
      name: what the tests' names begin with.
      images: whose.
    """
    for image in images:
        prefix = "%s_%s_" % (name, image.name)
        guest_kernel(name = prefix + "bad", image = image, kernel = "//kernel:sabotaged_kernel")
        guest_kernel(name = prefix + "good", image = image, kernel = "//kernel")
        for cpu, options in guest_depths(image).items():
            guest_test(
                name = "%s%s_test" % (prefix, cpu),
                image = image,
                kernel = prefix + "bad",
                options = options,
                programs = [
                    ":%sgood" % prefix,
                    ":%sgood.elf" % prefix,
                ],
                script = "//testing/sabotage:sabotage_test.sh",
            )
