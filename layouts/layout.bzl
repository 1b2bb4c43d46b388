"""layout: everything that is made from one layout's table."""

def layout(*, name, placements = []):
    """The targets of the layout in `<name>.h` of this package.

    Args:
      name: the layout. Makes `:<name>`, its header as a library; `:<name>_page` and `:<name>_map`,
        its page of the documentation and the picture there, with all tables of layouts::<name>.
      placements: the namespaces layouts::<placement> that the header defines: the table as it lies
        in the memory of one kind of machine. By default there is one, with the layout's name. Each
        makes `:<placement>_selected` (the table as layouts/selected.h), `:<placement>_ld`
        (layout.ld), `:<placement>_asm` (layouts/layout_asm.h), `:<placement>_json` and the program
        behind the last three, `:emit_<placement>`.
    """
    native.cc_library(
        name = name,
        hdrs = [name + ".h"],
        visibility = _READERS,
        deps = _TABLE_DEPS,
    )
    for placement in placements or [name]:
        _emitter(placement, name)
        _numbers(placement)
    if placements:
        _emitter(name, name)
    for form, ending in [("page", ".md"), ("map", ".svg")]:
        _emit(name + "_" + form, name, form, name + ending)

# The program that prints what is made from the tables of layouts::<name>.
def _emitter(name, layout):
    generated = name + "_generated"

    native.genrule(
        name = name + "_selected_header",
        outs = [generated + "/selected.h"],
        cmd = """cat > $@ <<'END'
// The layout of this kernel.
#pragma once

#include "{package}/{layout}.h"

namespace layouts {{
namespace selected = {name};
}}
END""".format(layout = layout, name = name, package = native.package_name()),
    )
    native.cc_library(
        name = name + "_selected",
        hdrs = [generated + "/selected.h"],
        include_prefix = "layouts",
        strip_include_prefix = generated,
        visibility = _SELECTORS,
        deps = [":" + layout],
    )

    native.cc_binary(
        name = "emit_" + name,
        srcs = ["//layouts:emit.cc"],
        visibility = ["//visibility:public"],
        deps = [
            "//layouts:emit_map",
            "//layouts:emit_page",
            "//layouts:emit_text",
            ":%s_selected" % name,
            "//kernel/base:check_abort",
            "//kernel/base:print",
        ],
    )

# What kernels and other programs read.
def _numbers(name):
    generated = name + "_generated"
    _emit(name + "_ld", name, "ld", generated + "/layout.ld")
    _emit(name + "_asm_header", name, "asm", generated + "/layout_asm.h")
    _emit(name + "_json", name, "json", name + ".json")
    native.cc_library(
        name = name + "_asm",
        hdrs = [generated + "/layout_asm.h"],
        include_prefix = "layouts",
        strip_include_prefix = generated,
        visibility = _SELECTORS,
    )

def _emit(name, emitter, form, out):
    native.genrule(
        name = name,
        outs = [out],
        cmd = "$(execpath :emit_%s) %s > $@" % (emitter, form),
        tools = [":emit_" + emitter],
        visibility = ["//visibility:public"],
    )

_READERS = [
    "//arch:__subpackages__",
    "//kernel:__subpackages__",
    "//testing:__subpackages__",
]

# Where //layouts:selected and its like choose.
_SELECTORS = ["//layouts:__pkg__"]

_TABLE_DEPS = [
    "//kernel/base:bits",
    "//kernel/base:check",
    "//kernel/base:units",
    "//kernel/mm/facts:address",
    "//kernel/mm/facts:attributes",
    "//kernel/mm/facts:layout",
    "//kernel/mm/facts:layout_fault",
    "//kernel/mm/facts:range",
]
