"""npm_program: one program out of a pinned npm package, from the registry this machine's npm uses."""

_NO_REGISTRY = """# No npm registry is known to this machine: what needs this is skipped, not failed.
sh_binary(
    name = "{program}",
    srcs = ["absent.sh"],
    target_compatible_with = ["@platforms//:incompatible"],
    visibility = ["//visibility:public"],
)
"""

_PROGRAM = """exports_files(
    ["{program}"],
    visibility = ["//visibility:public"],
)
"""

def _registry(rctx):
    """--repo_env=NPM_REGISTRY, else what npm is configured to use, else None."""
    given = rctx.getenv("NPM_REGISTRY")
    if given != None:
        return given
    npm = rctx.which("npm")
    if npm:
        asked = rctx.execute([npm, "config", "get", "registry"])
        if asked.return_code == 0 and asked.stdout.strip() != "undefined":
            return asked.stdout.strip()
    return rctx.getenv("NPM_CONFIG_REGISTRY")

def _npm_program_impl(rctx):
    registry = _registry(rctx)
    program = rctx.attr.program
    if not registry:
        # buildifier: disable=print
        print("@%s: no npm registry is known, so what needs it is skipped. " % rctx.name +
              "Pass --repo_env=NPM_REGISTRY=<base URL of an npm registry>.")
        rctx.file("absent.sh", "#!/bin/sh\nexit 1\n", executable = True)
        rctx.file("BUILD.bazel", _NO_REGISTRY.format(program = program))
        return
    rctx.report_progress("fetching " + rctx.attr.path)
    got = rctx.download_and_extract(
        url = registry.rstrip("/") + "/" + rctx.attr.path,
        output = "_package",
        sha256 = rctx.attr.sha256,
        type = "tgz",
        allow_fail = True,
    )
    if not got.success:
        fail("@%s: cannot get %s with sha256 %s from the npm registry %s. " % (
            rctx.name,
            rctx.attr.path,
            rctx.attr.sha256,
            registry,
        ) + "Pass --repo_env=NPM_REGISTRY=<base URL of one that has it>, or an empty one to skip what needs it.")
    rctx.symlink("_package/" + rctx.attr.file, program)
    rctx.file("BUILD.bazel", _PROGRAM.format(program = program))

npm_program = repository_rule(
    implementation = _npm_program_impl,
    doc = "One program out of an npm package. Without a registry its target is incompatible: tests of it are skipped.",
    attrs = {
        "path": attr.string(mandatory = True, doc = "of the tarball below the registry"),
        "sha256": attr.string(mandatory = True),
        "file": attr.string(mandatory = True, doc = "the program inside the tarball"),
        "program": attr.string(mandatory = True, doc = "the name of its target"),
    },
)
