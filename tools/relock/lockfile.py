"""Reads and writes the lock, and the README's table that is made from it."""

import ast
from dataclasses import dataclass, field

# What a package is for that only has libraries of what the manifest names.
LIBRARY = "shared libraries of its repositories' programs"

_HEADER = '''"""The lock: every package Atlas fetches, by hash. Written by `./bazelw run //tools:relock`; do not edit.

A line of PACKAGES is: name, version, path below a mirror, size in bytes, sha256, the repositories that
use it, licence of most of it, what it is for. bazelw reads these lines too, with awk: one package a line.
"""

'''


@dataclass(frozen=True)
class Line:
    """One pinned package."""

    name: str
    version: str
    path: str
    size: int
    sha256: str
    repositories: str = field(compare=False, default="")
    licence: str = field(compare=False, default="")
    purpose: str = field(compare=False, default="")


@dataclass(frozen=True)
class Lock:
    """All pinned packages in order, and the shared libraries of each repository, name to path."""

    packages: list[Line]
    libraries: dict[str, dict[str, str]]


def constants(starlark: str) -> dict:
    """The top-level constants of a .bzl file that is plain data."""
    values: dict = {}

    def value(node: ast.expr):
        if isinstance(node, ast.Name):
            return values[node.id]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return value(node.left) + value(node.right)
        if isinstance(node, ast.Dict):
            return {value(key): value(item) for key, item in zip(node.keys, node.values)}
        if isinstance(node, ast.List):
            return [value(item) for item in node.elts]
        if isinstance(node, ast.Tuple):
            return tuple(value(item) for item in node.elts)
        return ast.literal_eval(node)

    for statement in ast.parse(starlark).body:
        if isinstance(statement, ast.Assign):
            values[statement.targets[0].id] = value(statement.value)
    return values


def parse(text: str) -> Lock:
    """The lock in the text of lock.bzl."""
    values = constants(text)
    return Lock([Line(*line) for line in values["PACKAGES"]], values["LIBRARIES"])


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def write(lock: Lock) -> str:
    """The text of lock.bzl, as buildifier would format it."""
    out = [_HEADER, "PACKAGES = [\n"]
    for line in lock.packages:
        fields = [_quote(line.name), _quote(line.version), _quote(line.path), str(line.size), _quote(line.sha256),
                  _quote(line.repositories), _quote(line.licence), _quote(line.purpose)]
        out.append(f"    ({', '.join(fields)}),\n")
    out.append("]\n\n# The shared libraries that a repository's programs run with: name to path in its packages.\n")
    out.append("LIBRARIES = {\n")
    for repository, libraries in sorted(lock.libraries.items()):
        out.append(f"    {_quote(repository)}: {{\n")
        out += [f"        {_quote(name)}: {_quote(path)},\n" for name, path in sorted(libraries.items())]
        out.append("    },\n")
    out.append("}\n")
    return "".join(out)


def differences(old: Lock, new: Lock) -> list[str]:
    """What relocking changes, a line each."""
    changes = []
    for name in sorted({line.name for line in old.packages + new.packages}):
        before = [line for line in old.packages if line.name == name]
        after = [line for line in new.packages if line.name == name]
        versions = [" and ".join(line.version for line in lines) for lines in (before, after)]
        if not after:
            changes.append(f"- {name} {versions[0]}")
        elif not before:
            changes.append(f"+ {name} {versions[1]}")
        elif before != after:
            changes.append(f"! {name} {versions[0]} -> {versions[1]}")
        elif [line.repositories for line in before] != [line.repositories for line in after]:
            changes.append(f"! {name} is used by other repositories")
    if not changes and write(old) != write(new):
        changes.append("! licences, purposes or libraries")
    return changes


def table(lock: Lock, direct: set[str]) -> str:
    """The README's table of the packages that the manifest names, and not their libraries."""
    rows = ["| Package | Version | Licence | What for | Repositories |", "| --- | --- | --- | --- | --- |"]
    for line in lock.packages:
        if line.name in direct and line.purpose != LIBRARY:
            repositories = ", ".join(f"`@{name}`" for name in line.repositories.split(","))
            rows.append(f"| {line.name} | {line.version} | {line.licence} | {line.purpose} | {repositories} |")
    return "\n".join(rows) + "\n"
