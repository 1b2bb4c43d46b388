"""Reads Debian's formats: control paragraphs and binary packages."""

import fnmatch
import io
import posixpath
import tarfile
from collections.abc import Iterator


def paragraphs(text: str) -> Iterator[dict[str, str]]:
    """The paragraphs of a control file (Packages, Sources, copyright); keys in lower case."""
    fields: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if not line.strip():
            if fields:
                yield fields
            fields = {}
        elif line[0] in " \t":
            if name in fields:
                fields[name] += "\n" + line
        elif not line.startswith("#"):
            name, _, value = line.partition(":")
            name = name.lower()
            fields[name] = value.strip()
    if fields:
        yield fields


def members(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and contents of an ar archive's members."""
    if archive[:8] != b"!<arch>\n":
        raise ValueError("not an ar archive")
    position = 8
    while position + 60 <= len(archive):
        header = archive[position : position + 60]
        size = int(header[48:58])
        yield header[:16].decode().rstrip(" /"), archive[position + 60 : position + 60 + size]
        position += 60 + size + size % 2


class Package:
    """The files of a binary package."""

    def __init__(self, archive: bytes):
        data = next(content for name, content in members(archive) if name.startswith("data.tar"))
        self._tar = tarfile.open(fileobj=io.BytesIO(data))
        self._entries = {entry.name.removeprefix("./"): entry for entry in self._tar.getmembers()}

    def matching(self, pattern: str) -> list[str]:
        """The paths a shell pattern stands for (its * also matches a /)."""
        return sorted(fnmatch.filter(self._entries, pattern))

    def resolve(self, path: str) -> str:
        """Where `path` leads, following symbolic links; may be outside this package."""
        for _ in range(16):
            entry = self._entries.get(path)
            if entry is None or not entry.issym():
                return path
            target = posixpath.join("/", posixpath.dirname(path), entry.linkname)
            path = posixpath.normpath(target).lstrip("/")
        raise ValueError(f"{path}: too many links")

    def read(self, path: str) -> bytes | None:
        """The contents of a regular file; None when the package has no such file."""
        entry = self._entries.get(path)
        file = self._tar.extractfile(entry) if entry and entry.isfile() else None
        return file.read() if file else None
