"""A Debian archive: signed indices and packages, fetched from the machine's mirrors."""

import gzip
import hashlib
import lzma
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import deb

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_TIMEOUT_SECONDS = 60


class Unavailable(Exception):
    """No mirror has a file, or what it has is not what was asked for."""


def mirrors(workspace: Path) -> list[str]:
    """The mirrors to use, best first."""
    script = workspace / "third_party/debian/mirrors.sh"
    found = subprocess.run(["sh", script], check=True, capture_output=True, text=True).stdout.split()
    if not found:
        raise Unavailable("no Debian mirror is known: set DEBIAN_MIRROR to the base URL of one")
    return found


def _read_url(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer:
        return answer.read()


def _unsigned_release(signed: bytes) -> str:
    """The text inside a clear-signed file, its signature not looked at."""
    text = signed.decode()
    return text.split("\n\n", 1)[1].split("-----BEGIN PGP SIGNATURE-----")[0]


def _verified_release(signed: bytes, suite: str) -> str:
    """The text of an InRelease file, its signature checked where the machine can."""
    gpgv = shutil.which("gpgv")
    if not gpgv or not os.path.exists(_KEYRING):
        print(f"relock: warning: the signature of {suite} is not checked "
              f"(needs gpgv and {_KEYRING})", file=sys.stderr)
        return _unsigned_release(signed)
    with tempfile.TemporaryDirectory() as directory:
        release = Path(directory, "InRelease")
        text = Path(directory, "Release")
        release.write_bytes(signed)
        checked = subprocess.run([gpgv, "--keyring", _KEYRING, "--output", text, release],
                                 capture_output=True, text=True)
        if checked.returncode != 0:
            raise Unavailable(f"the signature of {suite} is not Debian's:\n{checked.stderr}")
        return text.read_text()


class Archive:
    """Indices and packages of all suites. Whatever it hands out has the hash its signed index states."""

    def __init__(self, mirror_urls: list[str], cache: Path):
        self._mirrors = mirror_urls
        self._cache = cache
        self._releases: dict[str, dict[str, str]] = {}
        self._indices: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
        self._owners: dict[str, dict[str, list[str]]] = {}
        cache.mkdir(parents=True, exist_ok=True)

    def fetch(self, path: str, sha256: str) -> bytes:
        """The file at `path` below a mirror, from the cache if it was fetched before."""
        cached = self._cache / sha256
        if cached.exists():
            return cached.read_bytes()
        reasons = []
        for mirror in self._mirrors:
            try:
                data = _read_url(f"{mirror}/{path}")
            except OSError as error:
                reasons.append(f"{mirror}: {error}")
                continue
            found = hashlib.sha256(data).hexdigest()
            if found == sha256:
                unfinished = cached.with_suffix(f".{os.getpid()}")
                unfinished.write_bytes(data)
                unfinished.rename(cached)
                return data
            reasons.append(f"{mirror}: sha256 is {found}")
        raise Unavailable(f"cannot get {path} with sha256 {sha256}:\n  " + "\n  ".join(reasons))

    def _release(self, suite: str) -> dict[str, str]:
        """Path to sha256 of the suite's indices."""
        if suite not in self._releases:
            reasons = []
            for mirror in self._mirrors:
                try:
                    signed = _read_url(f"{mirror}/dists/{suite}/InRelease")
                    break
                except OSError as error:
                    reasons.append(f"{mirror}: {error}")
            else:
                raise Unavailable(f"cannot get the release file of {suite}:\n  " + "\n  ".join(reasons))
            release = next(deb.paragraphs(_verified_release(signed, suite)))
            lines = release["sha256"].split("\n")[1:]
            self._releases[suite] = {path: sha256 for sha256, _, path in (line.split() for line in lines)}
        return self._releases[suite]

    def _index(self, suite: str, path: str) -> bytes:
        sha256 = self._release(suite).get(path)
        if sha256 is None:
            raise Unavailable(f"{suite} has no {path}")
        return self.fetch(f"dists/{suite}/{path}", sha256)

    def _entries(self, suite: str, path: str) -> dict[str, dict[str, str]]:
        """The paragraphs of an index by package; of several versions the last stays."""
        if (suite, path) not in self._indices:
            text = lzma.decompress(self._index(suite, path)).decode()
            self._indices[suite, path] = {entry["package"]: entry for entry in deb.paragraphs(text)}
        return self._indices[suite, path]

    def binary(self, suite: str, name: str) -> dict[str, str]:
        """The index entry of a binary package NAME or NAME:ARCHITECTURE."""
        package, _, architecture = name.partition(":")
        entries = self._entries(suite, f"main/binary-{architecture or 'amd64'}/Packages.xz")
        if package not in entries:
            raise Unavailable(f"{suite} has no package {name}")
        return entries[package]

    def source(self, suite: str, name: str) -> dict[str, str]:
        """The index entry of a source package."""
        entries = self._entries(suite, "main/source/Sources.xz")
        if name not in entries:
            raise Unavailable(f"{suite} has no source package {name}")
        return entries[name]

    def owners(self, suite: str, path: str) -> list[str]:
        """The packages that contain a shared library at `path`."""
        if suite not in self._owners:
            owners = self._owners[suite] = {}
            library = re.compile(r"^((?:usr/)?lib(?:64|/x86_64-linux-gnu)/[^/\s]+\.so[^/\s]*)\s+(\S+)$", re.M)
            contents = gzip.decompress(self._index(suite, "main/Contents-amd64.gz")).decode()
            for file, packages in library.findall(contents):
                owners[file] = [package.rsplit("/", 1)[1] for package in packages.split(",")]
        return self._owners[suite].get(path, [])
