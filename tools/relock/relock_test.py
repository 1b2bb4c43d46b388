"""Tests of relock that need no network, and that lock, manifest and README agree with each other."""

import io
import re
import struct
import tarfile
import unittest
from pathlib import Path

import closure
import deb
import elf
import licence
import lockfile
import relock
from lockfile import Line, Lock

_THIRD_PARTY = Path("third_party")


def _elf(needed: list[str]) -> bytes:
    """A 64-bit x86_64 object that needs the named libraries, and has nothing else."""
    strings = b"\0"
    offsets = []
    for name in needed:
        offsets.append(len(strings))
        strings += name.encode() + b"\0"
    header_size, segment_size = 64, 56
    strings_at = header_size + 2 * segment_size
    dynamic_at = strings_at + len(strings)
    dynamic = b"".join(struct.pack("<QQ", 1, offset) for offset in offsets)
    dynamic += struct.pack("<QQ", 5, 0x1000 + strings_at) + bytes(16)
    size = dynamic_at + len(dynamic)
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, header_size, 0, 0, header_size, segment_size, 2, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 4, 0, 0x1000, 0x1000, size, size, 0x1000)
    table = struct.pack("<IIQQQQQQ", 2, 4, dynamic_at, 0x1000 + dynamic_at, 0, len(dynamic), len(dynamic), 8)
    return header + load + table + strings + dynamic


def _package(files: dict[str, bytes | str]) -> bytes:
    """A binary package; text stands for a symbolic link."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:xz") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo("./" + path)
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                tar.addfile(entry)
            else:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    archive = b"!<arch>\n"
    for name, content in [("debian-binary", b"2.0\n"), ("data.tar.xz", data.getvalue())]:
        archive += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode() + content
        archive += b"\n" * (len(content) % 2)
    return archive


class _FakeSuite:
    """A suite of a few packages."""

    def __init__(self, packages: dict[str, dict[str, bytes | str]], depends: dict[str, str] | None = None):
        self._open = {name: deb.Package(_package(files)) for name, files in packages.items()}
        self._files = packages
        self._depends = depends or {}

    def owners(self, path: str) -> list[str]:
        return [name for name, files in self._files.items() if path in files]

    def depends(self, package: str) -> str:
        return self._depends.get(package, "")

    def open(self, package: str) -> deb.Package:
        return self._open[package]


class ElfTest(unittest.TestCase):
    def test_needed(self):
        self.assertEqual(elf.needed(_elf(["libc.so.6", "libm.so.6"])), ["libc.so.6", "libm.so.6"])
        self.assertEqual(elf.needed(_elf([])), [])

    def test_other_files_need_nothing(self):
        other_machine = bytearray(_elf(["libc.so.6"]))
        struct.pack_into("<H", other_machine, 18, 40)
        for data in [b"", b"#!/bin/sh\n", b"\x7fELF\x01\x01", bytes(other_machine)]:
            self.assertEqual(elf.needed(data), [])


class DebTest(unittest.TestCase):
    def test_paragraphs(self):
        text = "Package: a\nDescription: one\n two\n\n\n# comment\nPackage: b\n"
        self.assertEqual(list(deb.paragraphs(text)),
                         [{"package": "a", "description": "one\n two"}, {"package": "b"}])

    def test_package(self):
        package = deb.Package(_package({"usr/lib/a.so.1.2": b"odd", "usr/lib/a.so.1": "a.so.1.2",
                                        "usr/lib/b.so": "/lib/elsewhere.so"}))
        self.assertEqual(package.matching("usr/lib/a*"), ["usr/lib/a.so.1", "usr/lib/a.so.1.2"])
        self.assertEqual(package.read(package.resolve("usr/lib/a.so.1")), b"odd")
        self.assertEqual(package.resolve("usr/lib/b.so"), "lib/elsewhere.so")
        self.assertIsNone(package.read("usr/lib"))

    def test_not_a_package(self):
        with self.assertRaises(ValueError):
            deb.Package(b"<html>")


class ClosureTest(unittest.TestCase):
    _LOADER = {"lib/x86_64-linux-gnu/ld-linux-x86-64.so.2": _elf([])}

    def test_follows_libraries_of_libraries(self):
        suite = _FakeSuite({
            "tool": {"usr/bin/tool": _elf(["liba.so.1"])},
            "liba1": {"usr/lib/x86_64-linux-gnu/liba.so.1": "liba.so.1.0",
                      "usr/lib/x86_64-linux-gnu/liba.so.1.0": _elf(["libb.so.2"])},
            "libb2": {"lib/x86_64-linux-gnu/libb.so.2": _elf([])},
            "unused": {"lib/x86_64-linux-gnu/libc.so.3": _elf([])},
            "loader": self._LOADER,
        })
        found, owners = closure.libraries(suite, ["tool"], {"programs": {"tool": "usr/bin/tool"}})
        self.assertEqual(found, {"ld-linux-x86-64.so.2": "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
                                 "liba.so.1": "usr/lib/x86_64-linux-gnu/liba.so.1",
                                 "libb.so.2": "lib/x86_64-linux-gnu/libb.so.2"})
        self.assertEqual(owners, ["liba1", "libb2", "loader"])

    def test_prefers_what_the_package_depends_on(self):
        library = {"usr/lib/x86_64-linux-gnu/liba.so.1": _elf([])}
        suite = _FakeSuite({"tool": {"usr/bin/tool": _elf(["liba.so.1"])}, "abc": library, "liba1": library,
                            "loader": self._LOADER}, {"tool": "libz1 (>= 2), liba1 | abcd"})
        _, owners = closure.libraries(suite, ["tool"], {"programs": {"tool": "usr/bin/tool"}})
        self.assertEqual(owners, ["liba1", "loader"])

    def test_plugins_and_private_libraries(self):
        suite = _FakeSuite({
            "java": {"opt/java/java": _elf(["libjvm.so"]), "opt/java/lib/libjvm.so": _elf([]),
                     "opt/java/lib/libx.so": _elf(["libneeded.so.1"]), "opt/java/lib/liby.so": _elf(["libdropped.so"])},
            "libjvm": {"usr/lib/x86_64-linux-gnu/libjvm.so": _elf([])},
            "libneeded": {"usr/lib/x86_64-linux-gnu/libneeded.so.1": _elf([])},
            "loader": self._LOADER,
        })
        spec = {"programs": {"java": "opt/java/java"}, "plugins": ["opt/java/lib/*.so"], "drop": ["*/liby.so"]}
        found, owners = closure.libraries(suite, ["java"], spec)
        self.assertEqual(sorted(found), ["ld-linux-x86-64.so.2", "libneeded.so.1"])
        self.assertEqual(owners, ["libneeded", "loader"])

    def test_missing(self):
        suite = _FakeSuite({"tool": {"usr/bin/tool": _elf(["libgone.so.1"])}, "loader": self._LOADER})
        with self.assertRaisesRegex(closure.Missing, "tool needs libgone.so.1"):
            closure.libraries(suite, ["tool"], {"programs": {"tool": "usr/bin/tool"}})
        with self.assertRaisesRegex(closure.Missing, "usr/bin/other"):
            closure.libraries(suite, ["tool"], {"programs": {"other": "usr/bin/other"}})


class LicenceTest(unittest.TestCase):
    def test_machine_readable(self):
        rows = [
            ("GPL-2+", "GPL-2.0-or-later"),
            ("LGPL-2.1", "LGPL-2.1-only"),
            ("Expat", "MIT"),
            ("BSD-3-clause and GPL-2", "BSD-3-Clause AND GPL-2.0-only"),
            ("Apache-2.0 with LLVM exceptions", "Apache-2.0 WITH LLVM-exception"),
            ("LGPL-3+ or GPL-2+", "LGPL-3.0-or-later OR GPL-2.0-or-later"),
            ("some words, of nobody's list", "see-copyright-file"),
        ]
        for stated, expected in rows:
            with self.subTest(stated):
                text = f"Format: x\n\nFiles: debian/*\nLicense: ISC\n\nFiles: *\nLicense: {stated}\n the text\n"
                self.assertEqual(licence.of(text), expected)

    def test_free_text(self):
        rows = [
            ("see /usr/share/common-licenses/GPL-2.", "GPL-2.0-or-later"),
            ("see /usr/share/common-licenses/LGPL-2.1.", "LGPL-2.1-or-later"),
            ("Permission is hereby granted, free of charge, to", "MIT"),
            ("all rights reserved", "see-copyright-file"),
        ]
        for text, expected in rows:
            with self.subTest(text):
                self.assertEqual(licence.of(text), expected)


class LockTest(unittest.TestCase):
    _OLD = Lock([Line("a", "1", "pool/a_1.deb", 10, "aa", "x", "MIT", "for a"),
                 Line("b", "1", "pool/b_1.deb", 10, "bb", "x", "MIT", 'for "b"')], {"x": {"liba.so.1": "lib/liba.so.1"}})

    def test_round_trip(self):
        text = lockfile.write(self._OLD)
        again = lockfile.parse(text)
        self.assertEqual(lockfile.write(again), text)
        self.assertEqual([line.purpose for line in again.packages], ["for a", 'for "b"'])
        self.assertEqual(again.libraries, self._OLD.libraries)

    def test_differences(self):
        self.assertEqual(lockfile.differences(self._OLD, self._OLD), [])
        new = Lock([Line("b", "2", "pool/b_2.deb", 11, "cc", "x", "MIT", "for b"),
                    Line("c", "1", "pool/c_1.deb", 11, "dd", "x", "MIT", "for c")], {})
        self.assertEqual(lockfile.differences(self._OLD, new), ["- a 1", "! b 1 -> 2", "+ c 1"])
        other_libraries = Lock(self._OLD.packages, {})
        self.assertEqual(lockfile.differences(self._OLD, other_libraries), ["! licences, purposes or libraries"])

    def test_constants(self):
        values = lockfile.constants('"""Doc."""\n_A = "x/"\nB = {"k": [_A + "y", 1, ("t", "u")]}\n')
        self.assertEqual(values["B"], {"k": ["x/y", 1, ("t", "u")]})


class CommittedTest(unittest.TestCase):
    """The files in third_party, as they are."""

    def setUp(self):
        self.text = (_THIRD_PARTY / "lock.bzl").read_text()
        self.lock = lockfile.parse(self.text)
        self.manifest = lockfile.constants((_THIRD_PARTY / "manifest.bzl").read_text())

    def test_lock_is_as_relock_writes_it(self):
        self.assertEqual(lockfile.write(self.lock), self.text)

    def test_lock_has_what_the_manifest_names(self):
        for repository, spec in self.manifest["REPOSITORIES"].items():
            locked = {line.name for line in self.lock.packages if repository in line.repositories.split(",")}
            with self.subTest(repository):
                self.assertLessEqual({*spec["packages"], *spec.get("support", [])}, locked)
                self.assertEqual("programs" in spec and repository != self.manifest["BAZEL"],
                                 repository in self.lock.libraries)
        names = {*self.manifest["REPOSITORIES"], *self.manifest["NPM_PROGRAMS"]}
        for line in self.lock.packages:
            with self.subTest(line.name):
                self.assertLessEqual(set(line.repositories.split(",")), names)

    def test_every_line_is_complete(self):
        for line in self.lock.packages:
            with self.subTest(line.name):
                self.assertRegex(line.sha256, r"^[0-9a-f]{64}$")
                self.assertGreater(line.size, 0)
                self.assertNotIn("see-copyright-file", line.licence)
                self.assertTrue(line.version and line.purpose)
                self.assertNotIn("://", line.path)

    def test_readme_has_the_table(self):
        readme = (_THIRD_PARTY / "README.md").read_text()
        self.assertTrue(re.search(r"\| llvm-19 \|", readme))
        self.assertEqual(relock.with_table(readme, self.lock, self.manifest), readme)


if __name__ == "__main__":
    unittest.main()
