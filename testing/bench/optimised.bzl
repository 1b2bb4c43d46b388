"""optimised_binary: a host program with -O2 and no checks, whatever the rest is built with."""

def _transition_impl(_settings, _attr):
    return {
        "//command_line_option:compilation_mode": "opt",
        # Sanitizers and coverage are features.
        "//command_line_option:features": [],
        "//command_line_option:platforms": "//platforms:host",
        "//kernel/mm:debug": False,
    }

_optimised = transition(
    implementation = _transition_impl,
    inputs = [],
    outputs = [
        "//command_line_option:compilation_mode",
        "//command_line_option:features",
        "//command_line_option:platforms",
        "//kernel/mm:debug",
    ],
)

def _optimised_binary_impl(ctx):
    program = ctx.attr.program[0]
    link = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = link, target_file = program[DefaultInfo].files_to_run.executable, is_executable = True)
    runfiles = ctx.runfiles([link]).merge(program[DefaultInfo].default_runfiles)
    return [DefaultInfo(executable = link, files = depset([link]), runfiles = runfiles)]

optimised_binary = rule(
    implementation = _optimised_binary_impl,
    doc = "`program` under the name of this rule. Figures of any other build would mean nothing.",
    executable = True,
    attrs = {
        "program": attr.label(mandatory = True, executable = True, cfg = _optimised),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
