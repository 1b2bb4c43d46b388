"""debian_repository: an external repository made of pinned Debian packages.

No dpkg and no root: Bazel downloads by sha256 (so its repository cache answers whatever the mirror) and
unpacks; assemble.sh picks the files. Programs run on any x86_64 Linux, wherever the repository lies:
each is a short script in bin/ that starts elf/PROGRAM through the packaged loader with lib/.
"""

# bin/NAME. Only shell builtins: this runs once for every compilation.
_PROGRAM = """#!/bin/sh
bin=${{0%/*}}
[ "$bin" != "$0" ] || bin=.
root=$bin/..
{environment}exec "$root/lib/ld-linux-x86-64.so.2" --argv0 "$0" --library-path "$root/lib" "$root/elf/{elf}" {arguments}"$@"
"""

# Stands for a mirror when none is known: Bazel asks its caches first, and no name under .invalid exists.
_NO_MIRROR = "http://no-debian-mirror-is-known.invalid"

_HELP = "Pass --repo_env=DEBIAN_MIRROR=<base URL of a Debian mirror or snapshot that has it>."

def _mirrors(rctx):
    rctx.getenv("DEBIAN_MIRROR")  # so that a new value fetches anew
    asked = rctx.execute(["sh", rctx.path(Label("//third_party/debian:mirrors.sh"))])
    if asked.return_code != 0:
        fail("@%s: cannot read this machine's apt configuration: %s" % (rctx.name, asked.stderr))
    return asked.stdout.strip().splitlines()

def _megabytes(packages):
    total = 0
    for package in packages:
        total += package["size"]
    return total // 1000000

def _download(rctx, packages):
    """Fetches all packages at once; returns their files."""
    mirrors = _mirrors(rctx)
    rctx.report_progress("fetching %d Debian packages, %d MB" % (len(packages), _megabytes(packages)))
    pending = []
    for index, package in enumerate(packages):
        file = "_packages/%d-%s" % (index, package["path"].rsplit("/", 1)[1])
        pending.append((package, file, rctx.download(
            url = [mirror + "/" + package["path"] for mirror in mirrors or [_NO_MIRROR]],
            output = file,
            sha256 = package["sha256"],
            allow_fail = True,
            block = False,
        )))
    missing = [package for package, _, download in pending if not download.wait().success]
    if missing:
        fail("@%s: cannot get %s from %s:\n%s\n%s" % (
            rctx.name,
            "this package" if len(missing) == 1 else "these %d packages" % len(missing),
            ", ".join(mirrors) or "anywhere, as this machine has no Debian mirror in /etc/apt",
            "\n".join(["  %s, sha256 %s" % (package["path"], package["sha256"]) for package in missing]),
            _HELP,
        ))
    return [file for _, file, _ in pending]

def _unpack(rctx, file, tree):
    """Unpacks a binary package (an archive of archives) or a source package's tarball."""
    if file.endswith(".deb"):
        rctx.extract(file, output = "_members")
        for member in rctx.path("_members").readdir(watch = "no"):
            if member.basename.startswith("data.tar"):
                rctx.extract(member, output = tree)
        rctx.delete("_members")
    else:
        rctx.extract(file, output = tree)
    rctx.delete(file)

def _plan(rctx):
    """What assemble.sh is to do, a line each."""
    lines = ["drop " + pattern for pattern in rctx.attr.drop]
    for elf in sorted({path: True for path in rctx.attr.programs.values()}):
        lines.append("file elf/%s %s" % (elf.rsplit("/", 1)[1], elf))
    lines += ["file lib/%s %s" % (name, path) for name, path in rctx.attr.libraries.items()]
    if rctx.attr.build_file:
        lines.append("without-build-files")
    lines += ["tree %s %s" % (place, path) for place, path in rctx.attr.trees.items()]
    return "\n".join(lines) + "\n"

def _write_program(rctx, name):
    arguments = [argument.replace("{root}", "$root") for argument in rctx.attr.arguments.get(name, [])]
    environment = [
        "export %s=\"%s\"\n" % (variable, value.replace("{root}", "$root"))
        for variable, value in rctx.attr.environment.items()
    ]
    rctx.file("bin/" + name, _PROGRAM.format(
        arguments = "".join(["\"%s\" " % argument for argument in arguments]),
        elf = rctx.attr.programs[name].rsplit("/", 1)[1],
        environment = "".join(environment),
    ), executable = True)

def _debian_repository_impl(rctx):
    files = _download(rctx, [json.decode(package) for package in rctx.attr.packages])
    rctx.report_progress("unpacking")
    for file in files:
        _unpack(rctx, file, "_tree")
    rctx.file("_plan", _plan(rctx))
    assembled = rctx.execute(
        ["sh", rctx.path(Label("//third_party/debian:assemble.sh")), "_tree", "_plan"],
        timeout = 600,
    )
    if assembled.return_code != 0:
        fail("@%s: %s" % (rctx.name, assembled.stderr))
    for scratch in ["_packages", "_plan", "_tree"]:
        rctx.delete(scratch)
    for name in rctx.attr.programs:
        _write_program(rctx, name)
    if rctx.attr.build_file:
        rctx.file("BUILD.bazel", rctx.read(rctx.attr.build_file))

debian_repository = repository_rule(
    implementation = _debian_repository_impl,
    attrs = {
        "arguments": attr.string_list_dict(doc = "arguments every run of a program starts with; {root} is the repository"),
        "build_file": attr.label(doc = "BUILD file; without one the packages bring their own"),
        "drop": attr.string_list(doc = "paths (shell patterns) inside the packages that are left out"),
        "environment": attr.string_dict(doc = "environment of the programs; {root} is the repository"),
        "libraries": attr.string_dict(doc = "shared libraries of the programs, name to path"),
        "packages": attr.string_list(
            mandatory = True,
            doc = "this repository's lines of the lock as JSON {path, sha256, size}: " +
                  "relocking another repository fetches nothing here",
        ),
        "programs": attr.string_dict(doc = "programs, name in bin/ to path inside the packages"),
        "trees": attr.string_dict(doc = "directories and files, place in the repository (. is all of it) to path"),
    },
)
