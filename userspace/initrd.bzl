"""initrd: a root file system as a newc archive, of files that are built for the processor of its image."""

load("//platforms:transition.bzl", "platform_transition")
load(":program_heaps.bzl", "HEAP_CHECK", "built_program", "check_heaps")

def _places(ctx, table, mode):
    """The files of `table` by path, as make_initrd.py takes them."""
    files = {}
    for target, paths in table.items():
        sources = target[DefaultInfo].files.to_list()
        if len(sources) != 1:
            fail("%s has %d files, initrd takes targets with one" % (target.label, len(sources)))
        for path in paths.split(" "):
            if path in files:
                fail("%s: '%s' is there twice" % (ctx.label, path))
            files[path] = (sources[0], mode)
    return files

def _device(path, numbers):
    parts = numbers.split(" ")
    if len(parts) != 3:
        fail("'%s' is no device: '%s'" % (path, numbers))
    return {"major": int(parts[0]), "minor": int(parts[1]), "mode": parts[2]}

def _initrd_impl(ctx):
    programs = _places(ctx, ctx.attr.programs, "755")
    files = _places(ctx, ctx.attr.files, "644")
    twice = [path for path in programs if path in files]
    if twice:
        fail("%s: '%s' is there twice" % (ctx.label, twice[0]))
    placed = programs | files
    description = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(description, json.encode({
        "devices": {path: _device(path, numbers) for path, numbers in ctx.attr.devices.items()},
        "directories": {path: "755" for path in ctx.attr.directories} | ctx.attr.directory_modes,
        "files": {path: {"mode": mode, "source": file.path} for path, (file, mode) in placed.items()},
        "links": ctx.attr.links,
    }))
    out = ctx.actions.declare_file(ctx.label.name + ".cpio")
    ctx.actions.run(
        outputs = [out],
        inputs = [description] + [file for file, _ in placed.values()],
        executable = ctx.file._python,
        arguments = ["-B", ctx.file._make_initrd.path, description.path, out.path],
        tools = ctx.files._python_run + ctx.files._modules,
        mnemonic = "MakeInitrd",
    )
    return [
        DefaultInfo(files = depset([out])),
        OutputGroupInfo(_validation = depset([check_heaps(ctx, ctx.attr.programs.keys())])),
    ]

initrd = rule(
    implementation = _initrd_impl,
    doc = "`<name>.cpio`. A directory that something is in has to be listed as well; programs of ours have libatlas' heap.",
    attrs = {
        "devices": attr.string_dict(doc = "character devices: path to major and minor number and mode, as in '1 3 666'"),
        "directories": attr.string_list(doc = "paths of directories that all may read"),
        "directory_modes": attr.string_dict(doc = "paths of directories to their modes"),
        "files": attr.label_keyed_string_dict(
            doc = "files that all may read, each to its paths, which a space parts",
            allow_files = True,
            cfg = platform_transition,
        ),
        "links": attr.string_dict(doc = "symbolic links, path to target"),
        "platform": attr.label(mandatory = True, doc = "what files and programs are built for"),
        "programs": attr.label_keyed_string_dict(
            doc = "the same of files that all may run",
            allow_files = True,
            aspects = [built_program],
            cfg = platform_transition,
        ),
        "target_features": attr.string_list(doc = "as for_platform has it; none"),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
        "_make_initrd": attr.label(default = "//tools/initrd:make_initrd.py", allow_single_file = True),
        "_modules": attr.label(default = "//tools/initrd:modules"),
        "_python": attr.label(default = "@python//:bin/python3", allow_single_file = True, cfg = "exec"),
        "_python_run": attr.label(default = "@python//:run", cfg = "exec"),
    } | HEAP_CHECK,
)
