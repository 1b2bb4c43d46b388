"""sanitizer_report_test: a program with one bug, and what its sanitizer has to say about it."""

load("@rules_shell//shell:sh_test.bzl", "sh_test")

# Targets that choose their sanitizer themselves are left out where --config chooses one for all.
_OWN_SANITIZER = ["own_sanitizer"]

def sanitizer_report_test(*, name, srcs, features, lines):
    """Builds `srcs` with `features` and looks for `lines` in the report of the failing program."""
    native.cc_binary(
        name = name + "_program",
        testonly = True,
        srcs = srcs,
        data = ["@sysroot_gnu//:loader"],
        features = features,
        tags = _OWN_SANITIZER,
    )
    sh_test(
        name = name,
        size = "small",
        srcs = ["report_test.sh"],
        args = [
            "$(rootpath //tools/sanitize:symbolized.sh)",
            "$(rootpath :%s_program)" % name,
        ] + ["'%s'" % line for line in lines],
        data = [
            ":%s_program" % name,
            "//tools/sanitize:symbolized.sh",
            "@llvm_tools//:llvm-symbolizer",
        ],
        tags = _OWN_SANITIZER,
    )
