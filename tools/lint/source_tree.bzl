"""source_tree: the sources of the whole workspace as one repository, for the linters.

Tests are hermetic: they see the files they name. A linter that has to notice a file nobody named
needs the list of all files from somewhere, and this is the place: it reads the directories (and is
run again when one changes), so that a new file is linted without being registered anywhere.
"""

_CPP = (".cc", ".h", ".c")
_MACHINE = (".S", ".ld")
_STARLARK = (".bzl", ".BUILD")
_CONFIGURATION = (".clang-format", ".clang-tidy")

# More than any workspace has; Starlark knows no unbounded loop.
_MANY = 1000000

def _is_ignored(name, at_root):
    """Git's, Bazel's and editors' own directories."""
    return name.startswith(".") or (at_root and name.startswith("bazel-"))

def _linked_as(path, name):
    """Where a file goes in the repository, or None if no linter reads it."""
    if name in _CONFIGURATION or name.endswith(_CPP):
        return "cpp/" + path
    if name.endswith(_MACHINE):
        return "machine/" + path
    if name == "BUILD.bazel":
        # Under its own name it would begin a package here.
        return "starlark/" + path.removesuffix(name) + "package.BUILD"
    if name == "WORKSPACE" or name.endswith(_STARLARK):
        return "starlark/" + path
    return None

def _source_tree_impl(rctx):
    directories = [(rctx.workspace_root, "")]
    for _ in range(_MANY):
        if not directories:
            break
        directory, prefix = directories.pop()
        for entry in directory.readdir(watch = "yes"):
            name = entry.basename
            if name not in _CONFIGURATION and _is_ignored(name, at_root = prefix == ""):
                continue
            if entry.is_dir:
                directories.append((entry, prefix + name + "/"))
                continue
            link = _linked_as(prefix + name, name)
            if link:
                rctx.symlink(entry, link)
    rctx.file("BUILD.bazel", """package(default_visibility = ["//visibility:public"])

exports_files(["cpp/.clang-tidy"])

filegroup(
    name = "cpp",
    srcs = glob(["cpp/**"]),
)

filegroup(
    name = "machine",
    srcs = glob(["machine/**"]),
)

filegroup(
    name = "starlark",
    srcs = glob(["starlark/**"]),
)
""")

source_tree = repository_rule(
    implementation = _source_tree_impl,
    local = True,
)
