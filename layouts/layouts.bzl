"""LAYOUTS: every published layout, by the name of its header here."""

LAYOUTS = [
    "osz",
    "sos",
]
