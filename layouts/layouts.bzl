"""LAYOUTS: every published layout, by the name of its header here, with its placements."""

# Without placements there is one, which has the layout's name.
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
