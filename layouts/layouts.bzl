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

# <processor>_<layout>, the default first; on x86_64, where the image is linked: //platforms:image_address.
IMAGES = {
    "x86_64_osz": "top_2_gib",
    "x86_64_kora": "any_address",
    "x86_64_lfos": "any_address",
    "arm_kora": None,
    "arm_sos": None,
    "arm_apcpu": None,
}

def processor_of(image):
    return image.rpartition("_")[0]

def layout_of(image):
    return image.rpartition("_")[2]
