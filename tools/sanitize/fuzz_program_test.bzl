"""fuzz_program_test: the test that runs a libFuzzer program built with everything instrumented."""

# What --config=fuzz in .bazelrc switches on as well.
_FEATURES = ["fuzzer", "asan", "ubsan"]

_fuzz_transition = transition(
    implementation = lambda settings, attr: {
        "//command_line_option:features": _FEATURES,
        "//kernel/mm:debug": True,
    },
    inputs = [],
    outputs = [
        "//command_line_option:features",
        "//kernel/mm:debug",
    ],
)

def _impl(ctx):
    program = ctx.attr.program[0][DefaultInfo]
    link = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = link, target_file = program.files_to_run.executable, is_executable = True)
    runfiles = ctx.runfiles([link] + ctx.files.data).merge(program.default_runfiles)
    return [DefaultInfo(executable = link, runfiles = runfiles)]

fuzz_program_test = rule(
    implementation = _impl,
    doc = "Runs `program` with `args`, built as --config=fuzz builds.",
    test = True,
    attrs = {
        "data": attr.label_list(allow_files = True),
        "program": attr.label(mandatory = True, cfg = _fuzz_transition),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
