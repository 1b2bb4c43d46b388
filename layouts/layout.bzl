"""layout: everything that is made from one layout's table."""

def layout(*, name):
    """The targets of the layout in `<name>.h`, which defines namespace layouts::<name>.

    Args:
      name: the layout. Makes `:<name>` (the table as a library), `:<name>_selected` (the same as
        layouts/selected.h), `:<name>_ld` (layout.ld), `:<name>_asm` (layouts/layout_asm.h),
        `:<name>_json`, `:<name>_page` and `:<name>_map` (its page of the documentation and the
        picture there), and the program behind the last five, `:emit_<name>`.
    """
    generated = name + "_generated"

    native.cc_library(
        name = name,
        hdrs = [name + ".h"],
        visibility = ["//testing:__subpackages__"] + _KERNEL,
        deps = _TABLE_DEPS,
    )

    native.genrule(
        name = name + "_selected_header",
        outs = [generated + "/selected.h"],
        cmd = """cat > $@ <<'END'
// The layout of this kernel.
#pragma once

#include "layouts/{name}.h"

namespace layouts {{
namespace selected = {name};
}}
END""".format(name = name),
    )
    native.cc_library(
        name = name + "_selected",
        hdrs = [generated + "/selected.h"],
        include_prefix = "layouts",
        strip_include_prefix = generated,
        visibility = ["//visibility:private"],
        deps = [":" + name],
    )

    native.cc_binary(
        name = "emit_" + name,
        srcs = ["emit.cc"],
        visibility = ["//visibility:public"],
        deps = [
            ":emit_map",
            ":emit_page",
            ":emit_text",
            ":%s_selected" % name,
            "//kernel/base:check_abort",
            "//kernel/base:print",
        ],
    )
    for form, out in [
        ("ld", generated + "/layout.ld"),
        ("asm", generated + "/layout_asm.h"),
        ("json", name + ".json"),
        ("page", name + ".md"),
        ("map", name + ".svg"),
    ]:
        native.genrule(
            name = "%s_%s" % (name, form if form != "asm" else "asm_header"),
            outs = [out],
            cmd = "$(execpath :emit_%s) %s > $@" % (name, form),
            tools = [":emit_" + name],
            visibility = ["//visibility:public"],
        )
    native.cc_library(
        name = name + "_asm",
        hdrs = [generated + "/layout_asm.h"],
        include_prefix = "layouts",
        strip_include_prefix = generated,
        visibility = ["//visibility:private"],
    )

_KERNEL = ["//kernel:__subpackages__"]

_TABLE_DEPS = [
    "//kernel/base:bits",
    "//kernel/base:check",
    "//kernel/base:units",
    "//kernel/mm:address",
    "//kernel/mm:attributes",
    "//kernel/mm:layout",
    "//kernel/mm:layout_fault",
    "//kernel/mm:range",
]
