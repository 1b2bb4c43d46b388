"""kernel_image: links the kernel and everything a boot loader needs of it.

An image carries the names of its own functions, so that a panic can print a backtrace. They are
known only after linking, hence two links: the first with an empty table, from which //tools/symbols
makes the real one, and the second with that. The table lies behind the text, so the text does not
move; the build fails if it does.
"""

def kernel_image(
        *,
        name,
        deps,
        linker_script = "//arch:linker_script",
        layout_script = "//layouts:selected_ld",
        visibility = None,
        **kwargs):
    """Links `deps` into an image; build it for one of the kernel platforms.

    Outputs:
      <name>      the file for QEMU's -kernel: the ELF file on x86_64, the raw binary on arm
      <name>.elf  the linked image with its debug information
      <name>.bin  its raw memory contents

    Args:
      name: the image.
      deps: the libraries of the kernel, start-up code included.
      linker_script: the script of the architecture; it may `INCLUDE layout.ld`.
      layout_script: what `layout.ld` stands for.
      visibility: of all outputs.
      **kwargs: testonly, tags.
    """
    private = dict(
        kwargs,
        target_compatible_with = ["//platforms:kernel"],
        visibility = ["//visibility:private"],
    )

    _linker_scripts(
        name = name + "_scripts",
        layout = layout_script,
        script = linker_script,
        **private
    )

    def link(suffix, symbols):
        native.cc_binary(
            name = name + suffix,
            deps = deps + [
                ":%s_scripts" % name,
                "//platforms/toolchains/compiler_rt:stack_check",
                symbols,
            ],
            **private
        )

    link("_first_link", "//kernel/symbols:empty_table")
    _symbol_table(
        name = name + "_symbols",
        image = name + "_first_link",
        **private
    )
    native.cc_library(
        name = name + "_symbols_linked",
        srcs = [name + "_symbols"],
        alwayslink = True,
        **private
    )
    link("_second_link", name + "_symbols_linked")
    _image(
        name = name,
        bin = name + ".bin",
        boot_format = select({
            "@platforms//cpu:armv7": "bin",
            "//conditions:default": "elf",
        }),
        elf = name + ".elf",
        first_link = name + "_first_link",
        second_link = name + "_second_link",
        target_compatible_with = ["//platforms:kernel"],
        visibility = visibility,
        **kwargs
    )

def _linker_scripts_impl(ctx):
    layout = ctx.actions.declare_file(ctx.label.name + "/layout.ld")
    ctx.actions.symlink(output = layout, target_file = ctx.file.layout)
    unloaded = ctx.actions.declare_file(ctx.label.name + "/unloaded.ld")
    ctx.actions.symlink(output = unloaded, target_file = ctx.file._unloaded)
    linker_input = cc_common.create_linker_input(
        owner = ctx.label,
        additional_inputs = depset([layout, unloaded, ctx.file.script]),
        user_link_flags = depset([
            "-L" + layout.dirname,
            "-Wl,-T," + ctx.file.script.path,
            # A section that a script does not know would lie where no layout has a place for it.
            "-Wl,--orphan-handling=error",
        ]),
    )
    linking_context = cc_common.create_linking_context(linker_inputs = depset([linker_input]))
    return [CcInfo(linking_context = linking_context)]

_linker_scripts = rule(
    implementation = _linker_scripts_impl,
    doc = "Passes the linker script to whoever depends on it; `INCLUDE layout.ld` finds the layout, unloaded.ld the rest.",
    attrs = {
        "layout": attr.label(mandatory = True, allow_single_file = True),
        "script": attr.label(mandatory = True, allow_single_file = True),
        "_unloaded": attr.label(default = "//kernel/symbols:unloaded.ld", allow_single_file = True),
    },
)

_SYMBOL_TABLE = attr.label(
    default = "//tools/symbols:symbol_table",
    executable = True,
    cfg = "exec",
)

def _symbol_table_impl(ctx):
    assembly = ctx.actions.declare_file(ctx.label.name + ".S")
    ctx.actions.run(
        executable = ctx.executable._symbol_table,
        arguments = ["emit", ctx.file.image.path, assembly.path],
        inputs = [ctx.file.image],
        outputs = [assembly],
        mnemonic = "SymbolTable",
        progress_message = "Collecting the symbols of %{input}",
    )
    return [DefaultInfo(files = depset([assembly]))]

_symbol_table = rule(
    implementation = _symbol_table_impl,
    doc = "The symbol table of a linked image, as an assembly file.",
    attrs = {
        "image": attr.label(mandatory = True, allow_single_file = True),
        "_symbol_table": _SYMBOL_TABLE,
    },
)

def _image_impl(ctx):
    ctx.actions.run(
        executable = ctx.executable._symbol_table,
        arguments = [
            "check",
            ctx.file.first_link.path,
            ctx.file.second_link.path,
            ctx.outputs.elf.path,
        ],
        inputs = [ctx.file.first_link, ctx.file.second_link],
        outputs = [ctx.outputs.elf],
        mnemonic = "KernelImage",
        progress_message = "Checking that both links of %{label} agree",
    )
    ctx.actions.run(
        executable = ctx.file._objcopy,
        arguments = ["-O", "binary", ctx.outputs.elf.path, ctx.outputs.bin.path],
        inputs = [ctx.outputs.elf],
        tools = ctx.files._objcopy_files,
        outputs = [ctx.outputs.bin],
        mnemonic = "RawImage",
        progress_message = "Writing the raw image of %{label}",
    )
    boot_file = getattr(ctx.outputs, ctx.attr.boot_format)
    return [DefaultInfo(files = depset([boot_file]), runfiles = ctx.runfiles([boot_file]))]

_image = rule(
    implementation = _image_impl,
    doc = "The checked second link, and its raw form.",
    attrs = {
        "bin": attr.output(mandatory = True),
        "boot_format": attr.string(mandatory = True, values = ["bin", "elf"]),
        "elf": attr.output(mandatory = True),
        "first_link": attr.label(mandatory = True, allow_single_file = True),
        "second_link": attr.label(mandatory = True, allow_single_file = True),
        "_objcopy": attr.label(
            default = "@llvm//:bin/llvm-objcopy",
            allow_single_file = True,
            cfg = "exec",
        ),
        "_objcopy_files": attr.label(default = "@llvm//:objcopy_files", cfg = "exec"),
        "_symbol_table": _SYMBOL_TABLE,
    },
)
