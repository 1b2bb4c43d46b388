"""Finds the shared libraries that programs need, and the packages that have them."""

import fnmatch
import re
from typing import Protocol

import elf
from deb import Package

# Where the packaged loader finds libraries, most specific last for those merged into /usr.
_LIBRARY_PATHS = [
    "lib/x86_64-linux-gnu",
    "usr/lib/x86_64-linux-gnu",
    "lib64",
    "usr/lib64",
]
_LOADER = "ld-linux-x86-64.so.2"


class Suite(Protocol):
    """What is asked of one suite of an archive."""

    def owners(self, path: str) -> list[str]:
        """The packages that contain the file."""

    def depends(self, package: str) -> str:
        """The package's Depends field."""

    def open(self, package: str) -> Package:
        """The package's files."""


class Missing(Exception):
    """A library, or a file the manifest names, is in no package."""


def _prefer(owners: list[str], depends: str) -> str:
    """Among packages with the same library, one that the package in need depends on."""
    names = set(re.findall(r"[a-z0-9][a-z0-9.+-]+", depends))
    return next((owner for owner in owners if owner in names), owners[0])


def _locate(suite: Suite, library: str, needed_by: str) -> tuple[str, str]:
    """The package that has a library, and its path there."""
    for directory in _LIBRARY_PATHS:
        path = f"{directory}/{library}"
        owners = suite.owners(path)
        if owners:
            return _prefer(owners, suite.depends(needed_by)), path
    raise Missing(f"{needed_by} needs {library}, which no package has")


def _read(suite: Suite, package: str, path: str) -> tuple[str, bytes]:
    """A file and the package it is really in: a link may lead into a package with the same library."""
    target = suite.open(package).resolve(path)
    data = suite.open(package).read(target)
    if data is None:
        owners = suite.owners(target)
        if not owners:
            raise Missing(f"{package} has no file {path}")
        package = owners[0]
        data = suite.open(package).read(target)
    if data is None:
        raise Missing(f"{package} has no file {target}")
    return package, data


def _objects(suite: Suite, packages: list[str], patterns: list[str], drop: list[str]) -> list[tuple[str, str]]:
    """The package and path of every file the patterns stand for."""
    found = []
    for pattern in patterns:
        matches = [(package, path) for package in packages for path in suite.open(package).matching(pattern)
                   if not any(fnmatch.fnmatch(path, dropped) for dropped in drop)]
        if not matches:
            raise Missing(f"no package has a file {pattern}")
        found += matches
    return found


def libraries(suite: Suite, packages: list[str], spec: dict) -> tuple[dict[str, str], list[str]]:
    """What the programs and plugins of a repository need.

    Returns the libraries, name to path, and the packages with them. Libraries that lie in the given
    packages outside the loader's path (a Java run time's own) are not listed: the program finds them.
    """
    patterns = sorted(set(spec.get("programs", {}).values())) + spec.get("plugins", [])
    queue = _objects(suite, packages, patterns, spec.get("drop", []))
    private = {path.rsplit("/", 1)[1] for package in packages for path in suite.open(package).matching("*.so*")
               if path.rsplit("/", 1)[0] not in _LIBRARY_PATHS}
    found: dict[str, str] = {}
    owners: set[str] = set()

    def need(library: str, needed_by: str) -> None:
        if library in found or library in private:
            return
        package, path = _locate(suite, library, needed_by)
        found[library] = path
        owners.add(package)
        queue.append((package, path))

    if queue:
        need(_LOADER, queue[0][0])
    while queue:
        package, path = queue.pop()
        package, data = _read(suite, package, path)
        owners.add(package)
        for library in elf.needed(data):
            need(library, package)
    return dict(sorted(found.items())), sorted(owners - set(packages))
