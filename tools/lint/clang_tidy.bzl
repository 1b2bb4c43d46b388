"""clang_tidy: what clang-tidy says about the sources of some targets, compiled as those targets are.

Each source file is one action, cached like its compilation. Findings do not fail the build: they are
the contents of report files, which a test reads.
"""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "ACTION_NAMES")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")
load("//platforms:transition.bzl", "platform_transition")

_TidyInfo = provider(
    doc = "Reports about a target and what it depends on.",
    fields = {"reports": "depset of struct(source, report)"},
)

_SOURCE_EXTENSIONS = ["c", "cc"]

def _is_tidied(file):
    tests = file.basename.endswith("_test.cc") or "/tests/" in file.path
    return file.is_source and file.extension in _SOURCE_EXTENSIONS and not tests

def _command_line(ctx, context, extension):
    toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    variables = cc_common.create_compile_variables(
        cc_toolchain = toolchain,
        feature_configuration = features,
        include_directories = context.includes,
        preprocessor_defines = depset(
            getattr(ctx.rule.attr, "local_defines", []),
            transitive = [context.defines],
        ),
        quote_include_directories = context.quote_includes,
        system_include_directories = depset(
            transitive = [context.system_includes, context.external_includes],
        ),
        user_compile_flags = getattr(ctx.rule.attr, "copts", []),
    )
    return toolchain, cc_common.get_memory_inefficient_command_line(
        action_name = ACTION_NAMES.c_compile if extension == "c" else ACTION_NAMES.cpp_compile,
        feature_configuration = features,
        variables = variables,
    )

def _tidy_file(ctx, context, source):
    toolchain, command_line = _command_line(ctx, context, source.extension)
    report = ctx.actions.declare_file("%s.%s.clang-tidy" % (ctx.label.name, source.basename))
    arguments = ctx.actions.args()
    arguments.add_all([ctx.file._clang_tidy, report, source, ctx.file._configuration])
    arguments.add_all(command_line)
    ctx.actions.run(
        executable = ctx.file._run,
        arguments = [arguments],
        inputs = depset(
            [source, ctx.file._configuration],
            transitive = [context.headers, toolchain.all_files],
        ),
        tools = depset(
            [ctx.file._clang_tidy],
            transitive = [ctx.attr._clang_tidy_files[DefaultInfo].default_runfiles.files],
        ),
        outputs = [report],
        mnemonic = "ClangTidy",
        progress_message = "Linting %{input}",
    )
    return struct(source = source.path, report = report)

def _aspect_impl(target, ctx):
    transitive = []
    for name in _PROPAGATED:
        dependencies = getattr(ctx.rule.attr, name, None) or []
        for dependency in dependencies if type(dependencies) == "list" else [dependencies]:
            if _TidyInfo in dependency:
                transitive.append(dependency[_TidyInfo].reports)
    reports = []
    if CcInfo in target and not target.label.workspace_name and ctx.rule.kind.startswith("cc_"):
        context = target[CcInfo].compilation_context
        for source in getattr(ctx.rule.files, "srcs", []):
            if _is_tidied(source):
                reports.append(_tidy_file(ctx, context, source))
    return [_TidyInfo(reports = depset(reports, transitive = transitive))]

_PROPAGATED = ["actual", "deps", "first_link"]

_tidy_aspect = aspect(
    implementation = _aspect_impl,
    attr_aspects = _PROPAGATED,
    attrs = {
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
        "_clang_tidy": attr.label(
            default = "@llvm_tools//:bin/clang-tidy",
            allow_single_file = True,
            cfg = "exec",
        ),
        "_clang_tidy_files": attr.label(default = "@llvm_tools//:clang-tidy", cfg = "exec"),
        "_configuration": attr.label(
            default = "@source_tree//:cpp/.clang-tidy",
            allow_single_file = True,
        ),
        "_run": attr.label(
            default = "//tools/lint:run_clang_tidy.sh",
            allow_single_file = True,
            cfg = "exec",
        ),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)

def _clang_tidy_impl(ctx):
    reports = depset(transitive = [target[_TidyInfo].reports for target in ctx.attr.targets])
    reports = [each for each in reports.to_list() if each.source.startswith(ctx.attr.below)]
    sources = ctx.actions.declare_file(ctx.label.name + ".sources")
    ctx.actions.write(sources, "".join([each.source + "\n" for each in reports]))
    files = [sources] + [each.report for each in reports]
    return [DefaultInfo(files = depset(files), runfiles = ctx.runfiles(files))]

clang_tidy = rule(
    implementation = _clang_tidy_impl,
    doc = "The reports (*.clang-tidy) about `targets` and their dependencies, and a list of sources.",
    attrs = {
        "below": attr.string(doc = "leaves out sources outside this folder"),
        "platform": attr.label(mandatory = True, doc = "what the targets are built for"),
        "target_features": attr.string_list(doc = "for the transition; leave empty"),
        "targets": attr.label_list(
            mandatory = True,
            aspects = [_tidy_aspect],
            cfg = platform_transition,
        ),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
