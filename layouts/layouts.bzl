"""LAYOUTS: every published layout. IMAGES: every kernel image of one."""

# The name of its header here, with its placements. Without placements there is one, which has the layout's name.
LAYOUTS = {
    "apcpu": [],
    "kora": [
        "arm_kora",
        "x86_64_kora",
    ],
    "lfos": [],
    "osz": [],
    "sos": [],
}

# <processor>_<layout>, the default first.
IMAGES = [
    "x86_64_osz",
    "x86_64_kora",
    "x86_64_lfos",
    "arm_kora",
    "arm_sos",
    "arm_apcpu",
]

def processor_of(image):
    return image.rpartition("_")[0]

def layout_of(image):
    return image.rpartition("_")[2]
