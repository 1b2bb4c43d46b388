"""What becomes of Bazel's compile actions."""

import unittest

import compile_commands


def action(file, target, *arguments):
    compiler = ["external/llvm/bin/clang", f"--target={target}"]
    return {"arguments": [*compiler, *arguments, "-c", file, "-o", "x.o"]}


def files_and_targets(actions):
    found = compile_commands.entries(actions, "/work", "/base", "/base/execroot/atlas")
    return [(entry["file"], entry["arguments"][1]) for entry in found]


class EntriesTest(unittest.TestCase):
    def test_paths_into_bazels_directories_become_absolute(self):
        arguments = ["-iquote", ".", "-isystemexternal/libcxx/include"]
        arguments += ["-resource-dir=external/llvm/resource", "-Ibazel-out/k8/bin"]
        arguments += ["-isystem", "external/gtest", "-DNAME=internal/x"]
        [entry] = compile_commands.entries(
            [action("a.cc", "t", *arguments)], "/work", "/base", "/base/execroot/atlas"
        )
        self.assertEqual(entry["directory"], "/work")
        self.assertEqual(entry["file"], "a.cc")
        self.assertEqual(entry["arguments"][0], "/base/external/llvm/bin/clang")
        self.assertEqual(
            entry["arguments"][2:-4],
            ["-iquote", ".", "-isystem/base/external/libcxx/include"]
            + ["-resource-dir=/base/external/llvm/resource"]
            + ["-I/base/execroot/atlas/bazel-out/k8/bin"]
            + ["-isystem", "/base/external/gtest", "-DNAME=internal/x"],
        )

    def test_only_first_party_sources_are_listed(self):
        actions = [action("external/gtest/gtest.cc", "t"), action("bazel-out/k8/bin/made.cc", "t")]
        self.assertEqual(files_and_targets(actions), [])
        self.assertEqual(files_and_targets([{"arguments": ["clang", "-E", "a.cc"]}]), [])

    def test_the_best_way_to_compile_a_file_comes_first(self):
        ways = ["armv7a-none-eabi", "x86_64-linux-gnu", "x86_64-unknown-none-elf"]
        for file, best in [
            ("arch/arm/ops/timer.cc", "armv7a-none-eabi"),
            ("arch/x86_64/ops/timer.cc", "x86_64-unknown-none-elf"),
            ("kernel/init/main.cc", "x86_64-unknown-none-elf"),
            ("kernel/mm/range.cc", "x86_64-linux-gnu"),
        ]:
            listed = files_and_targets([action(file, way) for way in ways])
            self.assertEqual(listed[0], (file, f"--target={best}"))
            self.assertEqual(len(listed), len(ways))

    def test_each_way_is_listed_once(self):
        actions = [action("a.cc", "x86_64-linux-gnu", level) for level in ["-O1", "-O2"]]
        self.assertEqual(len(files_and_targets(actions)), 1)


if __name__ == "__main__":
    unittest.main()
