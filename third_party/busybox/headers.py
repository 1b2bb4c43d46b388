"""Makes the headers that busybox generates while it is built.

  headers.py config OPTIONS SOURCE... autoconf.h      OPTIONS are the options that are on, as NAME or NAME=VALUE
  headers.py insert TAG TEMPLATE SOURCE... OUT        the comments //TAG: of the sources, in the place of INSERT
  headers.py usage TEXT usage_compressed.h            the help texts, as one C string

Options are described in lines "config NAME", followed by one with their type: in files of their own, and in comments
//config: of the sources.
"""

import re
import sys
from pathlib import Path

_OFF = {"bool": None, "hex": "0", "int": "0", "string": '""'}


def _text(path: str) -> str:
    return Path(path).read_text(encoding="latin-1")


def _options(sources: list[str]) -> dict[str, str]:
    """The types of all options by name."""
    types = {}
    for source in sources:
        name = None
        for line in _text(source).splitlines():
            line = line.removeprefix("//config:")
            if found := re.fullmatch(r"config\s+(\w+)\s*", line):
                name = found[1]
            elif name and (found := re.match(r"\s+(bool|hex|int|string)\b", line)):
                types[name], name = found[1], None
    return types


def _define(name: str, value: str | None) -> str:
    """An option is a macro for #ifdef, one for #if, and two for a part of a line."""
    on = value is not None
    lines = [
        f"#define CONFIG_{name} {value}" if on else f"#undef CONFIG_{name}",
        f"#define ENABLE_{name} {int(on)}",
        f"#define IF_{name}(...) {'__VA_ARGS__' if on else ''}",
        f"#define IF_NOT_{name}(...) {'' if on else '__VA_ARGS__'}",
    ]
    return "".join(line.rstrip() + "\n" for line in lines)


def config(wanted: list[str], sources: list[str]) -> str:
    types = _options(sources)
    values = {name: _OFF[kind] for name, kind in types.items()}
    for option in wanted:
        name, _, value = option.partition("=")
        if name not in types or (types[name] == "bool") == bool(value):
            sys.exit(f"busybox has no such option: {option}")
        values[name] = value or "1"
    # Whether there is a configuration at all; it is no option that anybody chooses.
    values["HAVE_DOT_CONFIG"] = "1"
    return '#define AUTOCONF_TIMESTAMP ""\n' + "".join(_define(*item) for item in sorted(values.items()))


def insert(tag: str, template: str, sources: list[str]) -> str:
    """A comment that begins with a space goes on with the line before, which is a macro's."""
    found = [
        line.removeprefix(f"//{tag}:") for source in sources for line in _text(source).splitlines()
        if line.startswith(f"//{tag}:") and line != f"//{tag}:"
    ]
    if tag == "usage":
        found = [(line if line[:1] in " \t" else "\n" + line) + " \\" for line in found]
    text = "".join(line + "\n" for line in found)
    return re.sub(r"^INSERT\n", lambda _: text, _text(template), flags=re.MULTILINE)


def usage(text: bytes) -> str:
    octal = "".join(f"\\{byte:03o}" for byte in text)
    rows = "".join(f' \\\n"{octal[at:at + 64]}"' for at in range(0, len(octal), 64))
    return f'#define UNPACKED_USAGE ""{rows}\n#define UNPACKED_USAGE_LENGTH {len(text)}\n'


def main() -> None:
    what, *arguments, out = sys.argv[1:]
    if what == "config":
        made = config(arguments[0].split(), arguments[1:])
    elif what == "insert":
        made = insert(arguments[0], arguments[1], arguments[2:])
    else:
        made = usage(Path(arguments[0]).read_bytes())
    Path(out).write_text(made, encoding="latin-1")


if __name__ == "__main__":
    main()
