"""Archives in the "newc" format: what a kernel unpacks as its first file system.

The format is that of Linux's Documentation/driver-api/early-userspace/buffer-format.rst: for each entry a header of
fields of 8 hexadecimal digits, its name, its content, each padded to 4 bytes. An archive here is a function of its
entries alone: nobody's numbers and times are in it, and its entries are sorted.
"""

import stat
from collections.abc import Iterator
from dataclasses import dataclass

_MAGIC = "070701"
_TRAILER = "TRAILER!!!"
_ALIGNMENT_BYTES = 4
# Linux's NAME_MAX and PATH_MAX; the latter counts the 0 at the end.
_LONGEST_NAME_BYTES = 255
_LONGEST_PATH_BYTES = 4095
_LAST_FIELD = 0xFFFFFFFF
_KINDS = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO)
_DEVICES = (stat.S_IFCHR, stat.S_IFBLK)


class Invalid(Exception):
    """Entries that make no file system; the text begins with the path of the wrong one."""


@dataclass(frozen=True)
class Entry:
    """A file, directory, symbolic link or device node.

    path        relative to the root, without "." and ".."
    mode        its kind and its rights, as in stat's st_mode
    content     the bytes of a file, the target of a symbolic link
    device      major and minor number of a device node
    """

    path: str
    mode: int
    content: bytes = b""
    device: tuple[int, int] = (0, 0)


def _wrong_path(path: str) -> str | None:
    """What is wrong with a path by itself."""
    name = path.encode()
    if not name:
        return "is empty"
    if b"\0" in name:
        return "has a 0 in it"
    if path.startswith("/"):
        return "is absolute"
    if len(name) > _LONGEST_PATH_BYTES:
        return f"is longer than {_LONGEST_PATH_BYTES} bytes"
    if path == _TRAILER:
        return "is what ends an archive"
    for part in name.split(b"/"):
        if part in (b"", b".", b".."):
            return f"has the part '{part.decode()}'"
        if len(part) > _LONGEST_NAME_BYTES:
            return f"has a name longer than {_LONGEST_NAME_BYTES} bytes"
    return None


def _wrong_content(entry: Entry) -> str | None:
    """What is wrong with an entry that has a good path."""
    kind = stat.S_IFMT(entry.mode)
    if kind not in _KINDS or entry.mode > 0xFFFF:
        return f"has the mode {entry.mode:o}"
    if kind not in (stat.S_IFREG, stat.S_IFLNK) and entry.content:
        return "has content, and is no file"
    if len(entry.content) > _LAST_FIELD:
        return "has 4 GiB or more"
    if kind == stat.S_IFLNK and (not entry.content or b"\0" in entry.content):
        return "leads nowhere"
    if kind == stat.S_IFLNK and len(entry.content) > _LONGEST_PATH_BYTES:
        return "leads to a path that is too long"
    if kind not in _DEVICES and entry.device != (0, 0):
        return "has a device number, and is no device"
    if not all(0 <= number <= _LAST_FIELD for number in entry.device):
        return f"has the device number {entry.device}"
    return None


def _checked(entries: list[Entry]) -> Iterator[Entry]:
    """The entries by path, which puts directories before what is in them."""
    kinds: dict[str, int] = {}
    for entry in sorted(entries, key=lambda entry: entry.path.encode()):
        wrong = _wrong_path(entry.path) or _wrong_content(entry)
        if wrong:
            raise Invalid(f"'{entry.path}' {wrong}")
        if entry.path in kinds:
            raise Invalid(f"'{entry.path}' is there twice")
        parent = entry.path.rpartition("/")[0]
        if parent and parent not in kinds:
            raise Invalid(f"'{entry.path}' is in '{parent}', which is not there")
        if parent and kinds[parent] != stat.S_IFDIR:
            raise Invalid(f"'{entry.path}' is in '{parent}', which is no directory")
        kinds[entry.path] = stat.S_IFMT(entry.mode)
        yield entry


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT_BYTES)


def _record(entry: Entry, inode: int) -> bytes:
    name = entry.path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    owner, group, time, checksum = 0, 0, 0, 0
    place = (0, 0)  # the device that the entry was on
    fields = (inode, entry.mode, owner, group, links, time, len(entry.content), *place, *entry.device, len(name),
              checksum)
    header = _MAGIC + "".join(f"{field:08x}" for field in fields)
    return _padded(header.encode() + name) + _padded(entry.content)


def archive(entries: list[Entry]) -> bytes:
    """The archive of the entries, in whatever order they come. Raises Invalid."""
    records = [_record(entry, inode) for inode, entry in enumerate(_checked(entries), start=1)]
    return b"".join(records) + _record(Entry(_TRAILER, 0), 0)
