"""program_heaps: whether programs have the heap of //userspace/libatlas, by what llvm-nm finds in them."""

BuiltProgramInfo = provider(
    doc = "A program, or a shared object, that was linked here.",
    fields = {"executable": "with its symbols, also where it goes without"},
)

def _built_program_impl(target, ctx):
    if ctx.rule.kind != "cc_binary":
        return []
    return [BuiltProgramInfo(executable = target[DefaultInfo].files_to_run.executable)]

# `<program>.stripped` is an output of the program's rule.
built_program = aspect(
    implementation = _built_program_impl,
    apply_to_generating_rules = True,
)

# For rules that call check_heaps().
HEAP_CHECK = {
    "_heap_check": attr.label(default = "//userspace:program_heaps.sh", allow_single_file = True),
    "_nm": attr.label(default = "@llvm//:bin/llvm-nm", allow_single_file = True, cfg = "exec"),
    "_nm_files": attr.label(default = "@llvm//:nm_files", cfg = "exec"),
}

def check_heaps(ctx, targets):
    """A file for the output group _validation, which is there when every program among `targets` has that heap.

    Args:
      ctx: of a rule with HEAP_CHECK.
      targets: with the aspect built_program.

    Returns:
      the file.
    """
    programs = [target[BuiltProgramInfo].executable for target in targets if BuiltProgramInfo in target]
    out = ctx.actions.declare_file(ctx.label.name + ".heaps")
    ctx.actions.run(
        outputs = [out],
        inputs = programs,
        executable = ctx.file._heap_check,
        arguments = [ctx.file._nm.path, out.path] + [program.path for program in programs],
        tools = ctx.files._nm_files,
        mnemonic = "CheckHeaps",
    )
    return out
