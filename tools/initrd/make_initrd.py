"""Writes a newc archive: make_initrd.py DESCRIPTION OUT.

DESCRIPTION is JSON, each member a table by path inside the archive:
  directories  mode, in octal digits
  files        {"source": path of a file, "mode": octal digits}
  links        the target of a symbolic link
  devices      {"major": number, "minor": number, "mode": octal digits}, of a character device
"""

import json
import stat
import sys
from pathlib import Path

import newc
from newc import Entry

_RIGHTS = 0o7777


def _mode(path: str, digits: str) -> int:
    try:
        mode = int(digits, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= _RIGHTS:
        raise newc.Invalid(f"'{path}' has the mode '{digits}'")
    return mode


def entries(description: dict) -> list[Entry]:
    """What a description stands for."""
    found = [
        Entry(path, stat.S_IFDIR | _mode(path, digits))
        for path, digits in description.get("directories", {}).items()
    ]
    for path, spec in description.get("files", {}).items():
        found.append(Entry(path, stat.S_IFREG | _mode(path, spec["mode"]), Path(spec["source"]).read_bytes()))
    for path, target in description.get("links", {}).items():
        found.append(Entry(path, stat.S_IFLNK | 0o777, target.encode()))
    for path, spec in description.get("devices", {}).items():
        found.append(Entry(path, stat.S_IFCHR | _mode(path, spec["mode"]), b"", (spec["major"], spec["minor"])))
    return found


def main() -> int:
    description, out = map(Path, sys.argv[1:])
    try:
        out.write_bytes(newc.archive(entries(json.loads(description.read_text()))))
    except newc.Invalid as wrong:
        print(f"{description}: {wrong}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
