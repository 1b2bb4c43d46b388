"""Who may see what of the memory manager."""

# Addresses, layouts and the facts that an architecture describes.
FACTS = [
    "//arch:__subpackages__",
    "//kernel:__subpackages__",
    "//layouts:__subpackages__",
    "//testing:__subpackages__",
]

# What runs in a kernel.
KERNEL = [
    "//arch:__subpackages__",
    "//kernel:__subpackages__",
    "//testing:__subpackages__",
]

# What a program's heap is made of, too.
HEAP = KERNEL + ["//userspace/libatlas:__subpackages__"]
