"""Tests of the archives: their bytes, and what makes none."""

import os
import stat
import tempfile
import unittest
from pathlib import Path

import make_initrd
import newc
from newc import Entry

_FILE, _DIRECTORY = stat.S_IFREG | 0o644, stat.S_IFDIR | 0o755
_LINK, _DEVICE = stat.S_IFLNK | 0o777, stat.S_IFCHR | 0o600

# Written by hand from the format's description: magic; inode, mode, uid, gid, links, time, size, the device it was on,
# the device it is, bytes of the name, checksum.
_BYTES = (
    b"070701" b"00000001" b"000041ed" b"00000000" b"00000000" b"00000002" b"00000000" b"00000000"
    b"00000000" b"00000000" b"00000000" b"00000000" b"00000002" b"00000000" b"d\0"
    b"070701" b"00000002" b"00002180" b"00000000" b"00000000" b"00000001" b"00000000" b"00000000"
    b"00000000" b"00000000" b"00000005" b"00000001" b"0000000a" b"00000000" b"d/console\0"
    b"070701" b"00000003" b"000081a4" b"00000000" b"00000000" b"00000001" b"00000000" b"00000005"
    b"00000000" b"00000000" b"00000000" b"00000000" b"00000004" b"00000000" b"d/f\0\0\0" b"hello\0\0\0"
    b"070701" b"00000004" b"0000a1ff" b"00000000" b"00000000" b"00000001" b"00000000" b"00000003"
    b"00000000" b"00000000" b"00000000" b"00000000" b"00000002" b"00000000" b"l\0" b"d/f\0"
    b"070701" b"00000000" b"00000000" b"00000000" b"00000000" b"00000001" b"00000000" b"00000000"
    b"00000000" b"00000000" b"00000000" b"00000000" b"0000000b" b"00000000" b"TRAILER!!!\0\0\0\0"
)
_ENTRIES = [
    Entry("l", _LINK, b"d/f"),
    Entry("d/f", _FILE, b"hello"),
    Entry("d/console", _DEVICE, b"", (5, 1)),
    Entry("d", _DIRECTORY),
]

_LONG_NAME = "n" * 255
_LONG_PATH = "/".join(["d" * 99] * 41)

# What is wrong, by the path that the error names.
_INVALID = [
    ("an empty path", "'' is empty", [Entry("", _FILE)]),
    ("an absolute path", "'/bin' is absolute", [Entry("/bin", _DIRECTORY)]),
    ("a path that climbs", "'a/..' has the part '..'", [Entry("a", _DIRECTORY), Entry("a/..", _DIRECTORY)]),
    ("a path to itself", "'.' has the part '.'", [Entry(".", _DIRECTORY)]),
    ("a slash at the end", "'a/' has the part ''", [Entry("a", _DIRECTORY), Entry("a/", _DIRECTORY)]),
    ("a name that ends early", "'a\0b' has a 0", [Entry("a\0b", _FILE)]),
    ("the end's name", "'TRAILER!!!' is what ends", [Entry("TRAILER!!!", _FILE)]),
    ("a name of 256 bytes", f"'n{_LONG_NAME}' has a name", [Entry("n" + _LONG_NAME, _FILE)]),
    ("a path of 4096 bytes", f"'{_LONG_PATH}' is longer", [Entry(_LONG_PATH, _FILE)]),
    ("a missing parent", "'a/b/c' is in 'a/b', which is not", [Entry("a", _DIRECTORY), Entry("a/b/c", _FILE)]),
    ("a file as parent", "'a/b' is in 'a', which is no dir", [Entry("a", _FILE), Entry("a/b", _FILE)]),
    ("a link as parent", "'a/b' is in 'a', which is no dir", [Entry("a", _LINK, b"c"), Entry("a/b", _FILE)]),
    ("a duplicate", "'a' is there twice", [Entry("a", _DIRECTORY), Entry("a", _FILE)]),
    ("a mode without a kind", "'a' has the mode 755", [Entry("a", 0o755)]),
    ("a mode beyond 16 bits", "'a' has the mode 1100644", [Entry("a", 0o1100644)]),
    ("a directory with bytes", "'a' has content", [Entry("a", _DIRECTORY, b"x")]),
    ("a file with a number", "'a' has a device number", [Entry("a", _FILE, b"", (1, 3))]),
    ("a number of 33 bits", "'a' has the device number", [Entry("a", _DEVICE, b"", (1 << 32, 0))]),
    ("a number below 0", "'a' has the device number", [Entry("a", _DEVICE, b"", (0, -1))]),
    ("a link to nothing", "'a' leads nowhere", [Entry("a", _LINK)]),
    ("a link that ends early", "'a' leads nowhere", [Entry("a", _LINK, b"x\0")]),
    ("a link of 4096 bytes", "'a' leads to a path", [Entry("a", _LINK, b"x" * 4096)]),
]


class ArchiveTest(unittest.TestCase):
    def test_bytes(self):
        self.assertEqual(newc.archive(_ENTRIES), _BYTES)

    def test_order_does_not_matter(self):
        self.assertEqual(newc.archive(_ENTRIES[::-1]), _BYTES)

    def test_nothing(self):
        self.assertEqual(newc.archive([]), _BYTES[_BYTES.rindex(b"070701"):])

    def test_directories_come_before_what_is_in_them(self):
        # "a-b" sorts between "a" and "a/b".
        made = newc.archive([Entry("a/b", _FILE), Entry("a-b", _FILE), Entry("a", _DIRECTORY)])
        places = [made.index(name) for name in (b"a\0", b"a-b\0", b"a/b\0")]
        self.assertEqual(places, sorted(places))

    def test_names_of_the_greatest_length(self):
        parts = _LONG_PATH.split("/")
        parts[-1] = parts[-1][:-5]
        path = "/".join(parts)
        self.assertEqual(len(path), 4094)
        parents = [Entry("/".join(parts[:count]), _DIRECTORY) for count in range(1, len(parts))]
        made = newc.archive([*parents, Entry(path + "x", _FILE), Entry(_LONG_NAME, _FILE)])
        self.assertIn(path.encode() + b"x\0", made)
        self.assertIn(b"\0" + _LONG_NAME.encode() + b"\0", b"\0" + made[made.index(b"n" * 255):])

    def test_padding(self):
        for size in range(9):
            made = newc.archive([Entry("f", _FILE, b"x" * size)])
            self.assertEqual(len(made) % 4, 0, size)
            self.assertEqual(made.index(b"070701", 1) % 4, 0, size)

    def test_invalid(self):
        for what, error, entries in _INVALID:
            with self.subTest(what), self.assertRaises(newc.Invalid) as raised:
                newc.archive(entries)
            self.assertTrue(str(raised.exception).startswith(error), f"{what}: {raised.exception}")


class DescriptionTest(unittest.TestCase):
    def test_all_kinds(self):
        with tempfile.TemporaryDirectory() as directory:
            source = Path(directory, "hello")
            source.write_bytes(b"hello")
            os.utime(source, (1, 1))
            made = make_initrd.entries({
                "directories": {"d": "755"},
                "files": {"d/f": {"source": str(source), "mode": "644"}},
                "links": {"l": "d/f"},
                "devices": {"d/console": {"major": 5, "minor": 1, "mode": "600"}},
            })
        self.assertEqual(newc.archive(made), _BYTES)

    def test_modes(self):
        for digits in ["", "8", "-1", "10000", "rwx"]:
            with self.subTest(digits), self.assertRaises(newc.Invalid) as raised:
                make_initrd.entries({"directories": {"d/e": digits}})
            self.assertTrue(str(raised.exception).startswith("'d/e' has the mode"))


if __name__ == "__main__":
    unittest.main()
