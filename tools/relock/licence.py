"""Tells a package's licence, as an SPDX expression, from its copyright file."""

import re

import deb

_UNKNOWN = "see-copyright-file"

# Debian's short names (in lower case) that are not SPDX's.
_SPDX = {
    "apache-2": "Apache-2.0",
    "apache-2.0": "Apache-2.0",
    "apache-2.0-with-llvm-exception": "Apache-2.0 WITH LLVM-exception",
    "apache-2.0 with llvm exceptions": "Apache-2.0 WITH LLVM-exception",
    "apache-2.0 with llvm exception": "Apache-2.0 WITH LLVM-exception",
    "bsd": "BSD-3-Clause",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-2-clauses": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "bsd-3-clauses": "BSD-3-Clause",
    "bsd-3-clause-google": "BSD-3-Clause",
    "expat": "MIT",
    "public-domain": "LicenseRef-public-domain",
    "psf-2": "PSF-2.0",
    "zlib": "Zlib",
}

# The first that is found names the licence of a copyright file without a machine-readable form.
_PHRASES = [
    (r"common-licenses/Apache-2\.0", "Apache-2.0"),
    (r"common-licenses/MPL-2\.0", "MPL-2.0"),
    (r"common-licenses/LGPL-3", "LGPL-3.0-or-later"),
    (r"common-licenses/LGPL-2\.1", "LGPL-2.1-or-later"),
    (r"common-licenses/LGPL-2", "LGPL-2.0-or-later"),
    (r"common-licenses/LGPL", "LGPL-2.1-or-later"),
    (r"common-licenses/GPL-3", "GPL-3.0-or-later"),
    (r"common-licenses/GPL-2", "GPL-2.0-or-later"),
    (r"common-licenses/GPL", "GPL-2.0-or-later"),
    (r"common-licenses/BSD", "BSD-3-Clause"),
    (r"PYTHON SOFTWARE FOUNDATION LICENSE", "PSF-2.0"),
    (r"altered source versions must be plainly marked", "Zlib"),
    (r"Permission is hereby granted, free of charge", "MIT"),
    (r"Redistributions? in binary form must", "BSD-3-Clause"),
]


def _name(debian: str) -> str:
    known = _SPDX.get(debian.lower())
    if known:
        return known
    gnu = re.fullmatch(r"(L?GPL|AGPL|GFDL)-?v?([\d.]+)(\+|-or-later|-only)?", debian, re.IGNORECASE)
    if gnu:
        version = gnu[2].rstrip(".") + ("" if "." in gnu[2].rstrip(".") else ".0")
        return f"{gnu[1].upper()}-{version}-{'or-later' if gnu[3] in ('+', '-or-later') else 'only'}"
    if re.fullmatch(r"[A-Za-z0-9.+-]+", debian):
        return debian
    return _UNKNOWN


def _expression(field: str) -> str:
    words = re.split(r"\s*(?:,\s*)?\b(and|or)\b\s*", field.replace("/", " or "))
    names = [_name(word.strip()) if i % 2 == 0 else word.upper() for i, word in enumerate(words)]
    if _UNKNOWN in names:
        return _name(field)
    return " ".join(names)


def of(copyright_file: str) -> str:
    """The licence of most of the package (its paragraph for all files), or the first one stated."""
    stated = ""
    for paragraph in deb.paragraphs(copyright_file):
        licence = paragraph.get("license", "").split("\n")[0].strip()
        if not licence or "files" not in paragraph:
            continue
        files = paragraph["files"].split()
        if "*" in files:
            return _expression(licence)
        stated = stated or ("" if files[0].startswith("debian/") else licence)
    if stated:
        return _expression(stated)
    for phrase, name in _PHRASES:
        if re.search(phrase, copyright_file):
            return name
    return _UNKNOWN
