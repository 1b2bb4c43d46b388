"""must_not_compile_test: source that the compiler has to refuse, for the right reason."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "CPP_COMPILE_ACTION_NAME")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain", "use_cpp_toolchain")

# $1: where the diagnostics go. The rest is the compiler's command line. The action succeeds whatever
# the compiler says; the test judges it, so that a file that compiles is a failing test.
_COMPILE = """
diagnostics=$1
shift
status=0
"$@" > "$diagnostics" 2>&1 || status=$?
echo "exit status $status" >> "$diagnostics"
"""

def _quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"

def _must_not_compile_test_impl(ctx):
    toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    context = cc_common.merge_compilation_contexts(
        compilation_contexts = [dep[CcInfo].compilation_context for dep in ctx.attr.deps],
    )
    variables = cc_common.create_compile_variables(
        feature_configuration = features,
        cc_toolchain = toolchain,
        source_file = ctx.file.src.path,
        output_file = "/dev/null",
        user_compile_flags = ctx.fragments.cpp.cxxopts + ctx.fragments.cpp.copts + [
            "-fsyntax-only",
            "-fno-color-diagnostics",
        ],
        include_directories = context.includes,
        quote_include_directories = context.quote_includes,
        system_include_directories = context.system_includes,
        preprocessor_defines = context.defines,
    )
    compiler = cc_common.get_tool_for_action(
        feature_configuration = features,
        action_name = CPP_COMPILE_ACTION_NAME,
    )
    command = cc_common.get_memory_inefficient_command_line(
        feature_configuration = features,
        action_name = CPP_COMPILE_ACTION_NAME,
        variables = variables,
    )
    diagnostics = ctx.actions.declare_file(ctx.label.name + ".diagnostics")
    ctx.actions.run_shell(
        mnemonic = "MustNotCompile",
        progress_message = "Compiling %s, which must fail" % ctx.file.src.short_path,
        command = _COMPILE,
        arguments = [diagnostics.path, compiler] + command,
        inputs = depset([ctx.file.src], transitive = [context.headers, toolchain.all_files]),
        outputs = [diagnostics],
        env = cc_common.get_environment_variables(
            feature_configuration = features,
            action_name = CPP_COMPILE_ACTION_NAME,
            variables = variables,
        ),
    )
    judge = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(judge, "#!/bin/sh\nexec sh %s %s %s\n" % (
        _quoted(ctx.file._judge.short_path),
        _quoted(diagnostics.short_path),
        " ".join([_quoted(text) for text in ctx.attr.expect]),
    ), is_executable = True)
    return [DefaultInfo(
        executable = judge,
        runfiles = ctx.runfiles([diagnostics, ctx.file._judge]),
    )]

must_not_compile_test = rule(
    implementation = _must_not_compile_test_impl,
    doc = "Passes when `src` has exactly one error, and its diagnostics contain each of `expect`.",
    attrs = {
        "src": attr.label(mandatory = True, allow_single_file = [".cc"]),
        "deps": attr.label_list(providers = [CcInfo]),
        "expect": attr.string_list(mandatory = True, allow_empty = False),
        "_judge": attr.label(default = "//testing/compile_fail:judge.sh", allow_single_file = True),
    },
    fragments = ["cpp"],
    test = True,
    toolchains = use_cpp_toolchain(),
)
