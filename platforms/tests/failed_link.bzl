"""failed_link: what the linker says when it has to refuse an image; failed_link_test judges it."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "CPP_LINK_EXECUTABLE_ACTION_NAME")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain", "use_cpp_toolchain")
load("@rules_shell//shell:sh_test.bzl", "sh_test")
load("//platforms:transition.bzl", "for_platform")

# $1: where the diagnostics go. The rest is the linker's command line. The action succeeds whatever the linker says.
_LINK = """
diagnostics=$1
shift
status=0
"$@" > "$diagnostics" 2>&1 || status=$?
echo "exit status $status" >> "$diagnostics"
"""

def _archives(linking_context):
    return [
        library.pic_static_library or library.static_library
        for input in linking_context.linker_inputs.to_list()
        for library in input.libraries
    ]

def _failed_link_impl(ctx):
    toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    infos = cc_common.merge_cc_infos(direct_cc_infos = [dep[CcInfo] for dep in ctx.attr.deps])
    inputs = infos.linking_context.linker_inputs.to_list()
    archives = _archives(infos.linking_context)
    flags = [flag for input in inputs for flag in input.user_link_flags]
    variables = cc_common.create_link_variables(
        cc_toolchain = toolchain,
        feature_configuration = features,
        is_linking_dynamic_library = False,
        is_static_linking_mode = True,
        output_file = "/dev/null",
        user_link_flags = ["-Wl,--whole-archive"] + [archive.path for archive in archives] +
                          ["-Wl,--no-whole-archive", "-Wl,--color-diagnostics=never"] + flags,
    )
    linker = cc_common.get_tool_for_action(
        action_name = CPP_LINK_EXECUTABLE_ACTION_NAME,
        feature_configuration = features,
    )
    command = cc_common.get_memory_inefficient_command_line(
        action_name = CPP_LINK_EXECUTABLE_ACTION_NAME,
        feature_configuration = features,
        variables = variables,
    )
    diagnostics = ctx.actions.declare_file(ctx.label.name + ".diagnostics")
    ctx.actions.run_shell(
        arguments = [diagnostics.path, linker] + command,
        command = _LINK,
        env = cc_common.get_environment_variables(
            action_name = CPP_LINK_EXECUTABLE_ACTION_NAME,
            feature_configuration = features,
            variables = variables,
        ),
        inputs = depset(
            archives + [file for input in inputs for file in input.additional_inputs],
            transitive = [toolchain.all_files],
        ),
        mnemonic = "MustNotLink",
        outputs = [diagnostics],
        progress_message = "Linking %{label}, which must fail",
    )
    return [DefaultInfo(files = depset([diagnostics]))]

_failed_link = rule(
    implementation = _failed_link_impl,
    doc = "`<name>.diagnostics`: of linking all that `deps` hold, with their flags.",
    attrs = {
        "deps": attr.label_list(mandatory = True, providers = [CcInfo]),
    },
    fragments = ["cpp"],
    toolchains = use_cpp_toolchain(),
)

def failed_link_test(*, name, platform, deps, expect):
    """The linker gives exactly one error, and its text has `expect`.

    Args:
      name: the test.
      platform: what `deps` are built for.
      deps: libraries, and what brings the flags.
      expect: a part of the error's text; the link succeeds if there is none.
    """
    _failed_link(
        name = name + "_link",
        target_compatible_with = ["//platforms:kernel"],
        deps = deps,
    )
    for_platform(
        name = name + "_diagnostics",
        platform = platform,
        target = ":%s_link" % name,
    )
    sh_test(
        name = name,
        size = "small",
        srcs = ["failed_link.sh"],
        args = [
            "$(rootpath :%s_diagnostics)" % name,
            "'%s'" % expect,
        ],
        data = [":%s_diagnostics" % name],
    )
