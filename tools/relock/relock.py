"""Writes third_party/lock.bzl from third_party/manifest.bzl and the present state of the archives.

  ./bazelw run //tools:relock             lock the newest packages of the manifest's suites
  ./bazelw run //tools:relock -- --check  only say what that would change; exit 1 if anything

Mirrors: $DEBIAN_MIRROR, else the machine's apt configuration. npm: $NPM_REGISTRY, else npm's own.
"""

import argparse
import base64
import fnmatch
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from dataclasses import replace
from pathlib import Path

import closure
import licence
import lockfile
from archive import Archive, Unavailable, mirrors
from deb import Package
from lockfile import Line, Lock

_LOCK = "third_party/lock.bzl"
_README = "third_party/README.md"
_TABLE = re.compile(r"(?<=<!-- made by relock -->\n\n).*?(?=\n<!-- end -->)", re.DOTALL)


class _Suite:
    """One suite of the archive, packages unpacked in memory."""

    def __init__(self, archive: Archive, name: str):
        self._archive = archive
        self._name = name
        self._open: dict[str, Package] = {}

    def owners(self, path: str) -> list[str]:
        return self._archive.owners(self._name, path)

    def depends(self, package: str) -> str:
        entry = self._archive.binary(self._name, package)
        return entry.get("depends", "") + "," + entry.get("pre-depends", "")

    def open(self, package: str) -> Package:
        if package not in self._open:
            entry = self._archive.binary(self._name, package)
            self._open[package] = Package(self._archive.fetch(entry["filename"], entry["sha256"]))
        return self._open[package]

    def line(self, package: str) -> Line:
        entry = self._archive.binary(self._name, package)
        name = package.partition(":")[0]
        files = self.open(package)
        text = files.read(files.resolve(f"usr/share/doc/{name}/copyright"))
        # A package may leave its papers to another one of the same source.
        of = licence.of(text.decode(errors="replace")) if text else self._sibling_licence(package)
        return Line(package, entry["version"], entry["filename"], int(entry["size"]), entry["sha256"], licence=of)

    def _sibling_licence(self, package: str) -> str:
        files = self.open(package)
        name = package.partition(":")[0]
        target = files.resolve(f"usr/share/doc/{name}").rsplit("/", 1)[1]
        if target == name:
            return licence.of("")
        other = self.open(target)
        text = other.read(other.resolve(f"usr/share/doc/{target}/copyright"))
        return licence.of(text.decode(errors="replace") if text else "")

    def source_line(self, package: str, spdx: str) -> Line:
        name = package.removeprefix("src:")
        entry = self._archive.source(self._name, name)
        for line in entry["checksums-sha256"].split("\n")[1:]:
            sha256, size, file = line.split()
            if re.fullmatch(r".*\.orig\.tar\.(gz|xz|bz2)", file):
                path = f"{entry['directory']}/{file}"
                self._archive.fetch(path, sha256)  # proves that it can be had
                return Line(package, entry["version"], path, int(size), sha256, licence=spdx)
        raise Unavailable(f"source package {name} has no .orig.tar")


def _npm_line(name: str, spec: dict) -> Line | None:
    """The line of an npm program, or None when no registry is known."""
    registry = os.environ.get("NPM_REGISTRY")
    if registry is None and shutil.which("npm"):
        asked = subprocess.run(["npm", "config", "get", "registry"], capture_output=True, text=True)
        registry = asked.stdout.strip()
    if not registry:
        return None
    package, version = spec["package"], spec["version"]
    url = f"{registry.rstrip('/')}/{urllib.parse.quote(package, safe='@')}/{version}"
    path = f"{package}/-/{package.rsplit('/', 1)[-1]}-{version}.tgz"
    with urllib.request.urlopen(url) as answer:
        integrity = json.load(answer)["dist"]["integrity"]
    with urllib.request.urlopen(f"{registry.rstrip('/')}/{path}") as answer:
        data = answer.read()
    algorithm, _, expected = integrity.partition("-")
    if base64.b64encode(hashlib.new(algorithm, data).digest()).decode() != expected:
        raise Unavailable(f"{path} from {registry} is not what the registry's index says")
    sha256 = hashlib.sha256(data).hexdigest()
    return Line("npm:" + package, version, path, len(data), sha256, name, spec["licence"], spec["for"])


def _add(lines: dict[str, Line], line: Line, repository: str, purpose: str) -> None:
    """Adds a package to the lock, or a repository to a package that is there already."""
    known = lines.get(line.path)
    repositories = sorted({repository, *(known.repositories.split(",") if known else [])})
    if known and purpose in (lockfile.LIBRARY, _SUPPORT):
        purpose = known.purpose
    lines[line.path] = replace(line, repositories=",".join(repositories), purpose=purpose)


_SUPPORT = "loaded by Bazel's server"


def _licensed(line: Line, licences: dict[str, str]) -> Line:
    """The line with the licence the manifest states, if it states one."""
    stated = [spdx for pattern, spdx in licences.items() if fnmatch.fnmatchcase(line.name, pattern)]
    return replace(line, licence=stated[0]) if stated else line


def relock(manifest: dict, archive: Archive, old: Lock) -> Lock:
    """The lock of the newest packages."""
    lines: dict[str, Line] = {}  # by path: one package may be wanted from two suites
    libraries: dict[str, dict[str, str]] = {}
    suites: dict[str, _Suite] = {}
    for repository, spec in sorted(manifest["REPOSITORIES"].items()):
        print(f"relock: {repository}", file=sys.stderr)
        suite = suites.setdefault(spec["suite"], _Suite(archive, spec["suite"]))
        binaries = [name for name in [*spec["packages"], *spec.get("support", [])] if not name.startswith("src:")]
        found, owners = closure.libraries(suite, [name for name in binaries if ":" not in name], spec)
        if found and repository != manifest["BAZEL"]:
            libraries[repository] = found
        for name in [*spec["packages"], *spec.get("support", []), *owners]:
            line = suite.source_line(name, spec["licence"]) if name.startswith("src:") else suite.line(name)
            purpose = spec["packages"].get(name) or (lockfile.LIBRARY if name in owners else _SUPPORT)
            _add(lines, _licensed(line, manifest["LICENCES"]), repository, purpose)
    for repository, spec in manifest["NPM_PROGRAMS"].items():
        line = _npm_line(repository, spec)
        if line is None:
            print(f"relock: warning: no npm registry is known, so {spec['package']} stays", file=sys.stderr)
            line = next(line for line in old.packages if line.repositories == repository)
        lines[line.path] = line
    return Lock(sorted(lines.values(), key=lambda line: (line.name, line.path)), libraries)


def direct(manifest: dict) -> set[str]:
    """The packages that the manifest names for their own sake."""
    names = {name for spec in manifest["REPOSITORIES"].values() for name in spec["packages"]}
    return names | {"npm:" + spec["package"] for spec in manifest["NPM_PROGRAMS"].values()}


def with_table(readme: str, lock: Lock, manifest: dict) -> str:
    """The README with its table made anew."""
    return _TABLE.sub(lambda _: lockfile.table(lock, direct(manifest)), readme)


def _replace(path: Path, text: str) -> None:
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(text)
    unfinished.rename(path)


def main() -> int:
    parser = argparse.ArgumentParser(prog="relock", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing")
    arguments = parser.parse_args()
    workspace = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))
    cache_home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    manifest = lockfile.constants((workspace / "third_party/manifest.bzl").read_text())
    old = lockfile.parse((workspace / _LOCK).read_text())
    try:
        new = relock(manifest, Archive(mirrors(workspace), Path(cache_home, "atlas-relock")), old)
    except (Unavailable, closure.Missing, OSError) as error:
        print(f"relock: {error}", file=sys.stderr)
        return 2
    changes = lockfile.differences(old, new)
    print("\n".join(changes) or "The lock is up to date.")
    if arguments.check:
        return 1 if changes else 0
    _replace(workspace / _LOCK, lockfile.write(new))
    readme = workspace / _README
    _replace(readme, with_table(readme.read_text(), new, manifest))
    return 0


if __name__ == "__main__":
    sys.exit(main())
