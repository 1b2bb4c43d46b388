"""Writes compile_commands.json for clangd: ./bazelw run //tools:compile_commands

Nothing is compiled: Bazel is asked how it would compile every first-party source, for the host and
for the kernels that boot tests pull in. A source that is compiled several ways gets several entries;
clangd takes the first.
"""

import json
import os
import re
import subprocess
import sys

# What stands at the front of an argument before a path into Bazel's directories.
PATH = re.compile(r"^(|-isystem|-iquote|-I|-L|-[a-z-]+=)(external|bazel-out)/")


def bazel(*arguments):
    """What `bazelw ARGUMENTS` prints."""
    command = ["./bazelw", *arguments]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"compile_commands: {' '.join(command)} failed")
    return result.stdout


def preference(file, target):
    """Code of an architecture is best read as its kernel's, other code as the host's."""
    wanted = "linux-gnu"
    if file.startswith("arch/arm/"):
        wanted = "armv7a-none"
    elif file.startswith(("arch/", "kernel/init/")):
        wanted = "x86_64-unknown-none"
    return 0 if wanted in target else 1


def entries(actions, workspace, output_base, execution_root):
    """The entries of first-party sources, each way of compiling one once."""
    roots = {"external": output_base + "/external", "bazel-out": execution_root + "/bazel-out"}

    def absolute(argument):
        return PATH.sub(lambda match: f"{match[1]}{roots[match[2]]}/", argument)

    found = {}
    for action in actions:
        arguments = action["arguments"]
        if "-c" not in arguments:
            continue
        file = arguments[arguments.index("-c") + 1]
        if file.startswith(("external/", "bazel-out/")):
            continue
        target = next(argument for argument in arguments if argument.startswith("--target="))
        found.setdefault(
            (file, preference(file, target), target),
            {
                "directory": workspace,
                "file": file,
                "arguments": [absolute(argument) for argument in arguments],
            },
        )
    return [found[key] for key in sorted(found)]


def main():
    workspace = os.environ["BUILD_WORKSPACE_DIRECTORY"]
    os.chdir(workspace)
    quiet = ["--noshow_progress", "--ui_event_filters=-info,-debug,-warning"]
    pattern = sys.argv[1] if len(sys.argv) > 1 else "//..."
    query = f"mnemonic('CppCompile', deps({pattern}))"
    graph = bazel("aquery", "--output=jsonproto", "--include_artifacts=false", *quiet, query)
    info = bazel("info", *quiet, "output_base", "execution_root")
    roots = dict(line.split(": ", 1) for line in info.splitlines())
    actions = json.loads(graph).get("actions", [])
    commands = entries(actions, workspace, roots["output_base"], roots["execution_root"])
    temporary = "compile_commands.json.tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(commands, file, indent=1)
    os.replace(temporary, "compile_commands.json")
    files = len({command["file"] for command in commands})
    print(f"compile_commands.json: {len(commands)} ways to compile {files} files")


if __name__ == "__main__":
    main()
