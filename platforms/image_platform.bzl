"""image_platform: what a kernel image is built for."""

load("//layouts:layouts.bzl", "processor_of")

_CPUS = {
    "arm": "@platforms//cpu:armv7",
    "x86_64": "@platforms//cpu:x86_64",
}

def image_platform(*, name, layout):
    """The platform of one image.

    Args:
      name: the image, `<processor>_<layout>`.
      layout: a value of //platforms:layout.
    """
    native.platform(
        name = name,
        constraint_values = [
            layout,
            "//platforms:kernel",
            _CPUS[processor_of(name)],
            "@platforms//os:none",
        ],
        visibility = ["//visibility:public"],
    )
