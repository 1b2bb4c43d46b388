"""for_platform: one target, built for a given platform, as data of a host test."""

load("//layouts:layouts.bzl", "layout_of")

# What --features may switch in images and programs of ours. The others (sanitizers, coverage) are
# the host's: dropping them keeps one copy of each image whatever --config the tests run with.
_CARRIED_FEATURES = ["ubsan_trap"]

# Programs have neither those features nor that memory manager. Without the settings there is one copy of each program, too.
_PROGRAM_PLATFORMS = [
    Label("//platforms:user_arm"),
    Label("//platforms:user_x86_64"),
]
_MM_DEBUG = "//kernel/mm:debug"

# What //layouts has for a layout of another package, by the names that //layouts:layout.bzl gives.
_OTHER_LAYOUT = ["asm", "ld", "selected"]

# A platform outside of //platforms is for the layout beside it: <processor>_<layout>.
def _other_layout(platform):
    if platform.package == Label("//platforms").package:
        return {"//layouts:other_" + form: "//layouts:none" for form in _OTHER_LAYOUT}
    layout = layout_of(platform.name)
    return {
        "//layouts:other_" + form: str(platform.same_package_label("%s_%s" % (layout, form)))
        for form in _OTHER_LAYOUT
    }

def _transition_impl(settings, attr):
    program = attr.platform in _PROGRAM_PLATFORMS
    asked = [] if program else settings["//command_line_option:features"]
    wanted = [name for name in _CARRIED_FEATURES if name not in attr.target_features]
    carried = [name for name in asked if name in wanted]
    return {
        "//command_line_option:features": carried + attr.target_features,
        "//command_line_option:platforms": str(attr.platform),
        _MM_DEBUG: settings[_MM_DEBUG] and not program,
    } | _other_layout(attr.platform)

platform_transition = transition(
    implementation = _transition_impl,
    inputs = [
        "//command_line_option:features",
        _MM_DEBUG,
    ],
    outputs = [
        "//command_line_option:features",
        "//command_line_option:platforms",
        _MM_DEBUG,
    ] + ["//layouts:other_" + form for form in _OTHER_LAYOUT],
)

def _for_platform_impl(ctx):
    target = ctx.attr.target[0]
    files = target[DefaultInfo].files.to_list()
    if len(files) != 1:
        fail("%s has %d files, for_platform takes targets with one" % (target.label, len(files)))
    link = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = link, target_file = files[0], is_executable = True)
    runfiles = ctx.runfiles([link]).merge(target[DefaultInfo].default_runfiles)
    return [DefaultInfo(executable = link, files = depset([link]), runfiles = runfiles)]

for_platform = rule(
    implementation = _for_platform_impl,
    doc = "The one file of `target`, under the name of this rule.",
    executable = True,
    attrs = {
        "platform": attr.label(mandatory = True),
        "target": attr.label(mandatory = True, allow_files = True, cfg = platform_transition),
        "target_features": attr.string_list(
            doc = "toolchain features to switch on for `target` and all it is made of",
        ),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
