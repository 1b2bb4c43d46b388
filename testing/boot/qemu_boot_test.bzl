"""qemu_boot_test: boots an image in QEMU and judges what it prints and how it ends.

The image is built for its platform by a transition, so `bazel test //...` needs no --config.
"""

load("@rules_shell//shell:sh_test.bzl", "sh_test")
load("//platforms:transition.bzl", "for_platform")

# What no healthy boot prints. A test that wants one of them passes a shorter list.
FORBIDDEN = ["PANIC:", "LAYOUT FAULT", "PROCESS FAULT", "BOOT REFUSED"]

# Image names end in their layout, platforms and QEMU's programs begin with the processor.
_QEMU = {
    "arm": "@qemu//:bin/qemu-system-arm",
    "x86_64": "@qemu//:bin/qemu-system-x86_64",
}

# By the test's size: Bazel's own limit lies above time_limit_seconds, which shows the guest's last lines. Suites of programs
# take half a minute of a machine that has nothing else to do.
_LONGEST_SECONDS = {
    "medium": 250,
    "small": 50,
}

def regex(pattern):
    """An expected or forbidden line given as a POSIX extended regular expression instead of fixed text."""
    return struct(pattern = pattern)

def qemu_boot_test(
        *,
        name,
        image,
        platform,
        machine,
        cpu,
        memory,
        clock = "real",
        command_line = None,
        command_line_file = None,
        initrd = None,
        disk = None,
        disk_holds = {},
        input = [],
        prompt = None,
        size = "small",
        expect = [],
        forbid = FORBIDDEN,
        exit = "success",
        ktap = False,
        page = None,
        time_limit_seconds = 10,
        shim = None,
        load_address = None,
        loads = {},
        words = {},
        tags = [],
        **kwargs):
    """Boots an image once.

    Args:
      name: the test.
      image: what QEMU's -kernel takes, built for `platform`.
      platform: a label, `//platforms:<image name>`.
      machine: QEMU's -M.
      cpu: QEMU's -cpu.
      memory: QEMU's -m.
      clock: "real", or "instructions": cycle counters of the guest count its instructions, and a run is repeatable.
      command_line: the kernel's command line.
      command_line_file: a file with more words for it.
      initrd: a file that the boot loader puts into memory beside the image.
      disk: a file of which a copy is the machine's disk, and another one its source of random bytes; a certain date (in
        machines.sh) comes with it.
      disk_holds: text that the disk has in the end, by its offset, a text of digits.
      input: lines typed one by one, each when the guest prompts for it.
      prompt: what it prints then, if not the monitor's prompt.
      size: small or medium.
      expect: text or regex(...) that a line must hold, in this order, each on its own line.
      forbid: text or regex(...) that no line may hold.
      exit: "success" (QEMU ends with 0) or "failure" (it ends with anything else of its own accord).
      ktap: the guest reports tests as KTAP, at least one, and all pass.
      page: a file that holds the digest of the layout that the guest verified.
      time_limit_seconds: a guest still running then has hung.
      shim: an ELF file QEMU starts in the image's place; the image is only loaded. Built for `platform`.
      load_address: where the raw image lies that a shim starts; by default where QEMU would load it.
      loads: files put into the guest's memory before it starts, label to address.
      words: 32-bit values put into the guest's memory before it starts, address to value.
      tags: as in any test; "boot" and the image's name are added.
      **kwargs: flaky and the like.
    """
    if time_limit_seconds > _LONGEST_SECONDS[size]:
        fail("%s: a %s boot test ends within %d s" % (name, size, _LONGEST_SECONDS[size]))
    image_name = platform.rpartition(":")[2]
    qemu = _QEMU[image_name.rpartition("_")[0]]
    for_platform(
        name = name + "_image",
        testonly = True,
        platform = platform,
        tags = ["manual"],
        target = image,
        visibility = ["//visibility:private"],
    )
    data = [qemu, "@qemu//:data", name + "_image"]
    facts = [
        "image " + image_name,
        "machine " + machine,
        "cpu " + cpu,
        "memory " + memory,
        "qemu $(rootpath %s)" % qemu,
        "kernel $(rootpath :%s_image)" % name,
        "clock " + clock,
        "exit " + exit,
        "ktap " + ("yes" if ktap else "no"),
        "seconds %d" % time_limit_seconds,
    ]
    if command_line:
        facts.append("append " + command_line)
    if command_line_file:
        data.append(command_line_file)
        facts.append("append-file $(rootpath %s)" % command_line_file)
    if initrd:
        data.append(initrd)
        facts.append("initrd $(rootpath %s)" % initrd)
    if disk:
        data.append(disk)
        facts.append("disk $(rootpath %s)" % disk)
        facts += ["disk-holds %s %s" % (offset, text) for offset, text in disk_holds.items()]
    if page:
        data.append(page)
        facts.append("page $(rootpath %s)" % page)
    if shim:
        for_platform(
            name = name + "_shim",
            testonly = True,
            platform = platform,
            tags = ["manual"],
            target = shim,
            visibility = ["//visibility:private"],
        )
        data.append(name + "_shim")
        facts.append("shim $(rootpath :%s_shim)" % name)
    if load_address:
        facts.append("at " + load_address)
    for label, address in loads.items():
        data.append(label)
        facts.append("load %s $(rootpath %s)" % (address, label))
    facts += ["word %s %s" % (address, value) for address, value in words.items()]
    if prompt:
        facts.append("prompt " + _literal(prompt))
    facts += ["type " + _literal(line) for line in input]
    facts += [_fact("expect", line) for line in expect]
    facts += [_fact("forbid", line) for line in forbid]

    _scenario(
        name = name + "_scenario",
        testonly = True,
        data = data,
        facts = facts,
        tags = ["manual"],
        visibility = ["//visibility:private"],
    )
    sh_test(
        name = name,
        size = size,
        srcs = ["//testing/boot:run.sh"],
        args = ["$(rootpath :%s_scenario)" % name],
        data = data + [name + "_scenario", "//testing/boot:runner_files"],
        tags = tags + ["boot", image_name],
        **kwargs
    )

def _fact(key, line):
    if type(line) == "string":
        return "%s %s" % (key, _literal(line))
    return "%s-match %s" % (key, _literal(line.pattern))

# Facts are expanded for $(rootpath); whoever writes a line means its dollars.
def _literal(text):
    return text.replace("$", "$$")

def _scenario_impl(ctx):
    scenario = ctx.actions.declare_file(ctx.label.name)
    lines = [ctx.expand_location(fact, ctx.attr.data).replace("$$", "$") for fact in ctx.attr.facts]
    ctx.actions.write(scenario, "".join([line + "\n" for line in lines]))
    return [DefaultInfo(files = depset([scenario]))]

_scenario = rule(
    implementation = _scenario_impl,
    doc = "Writes what a boot test does and expects, for run.sh.",
    attrs = {
        "data": attr.label_list(allow_files = True),
        "facts": attr.string_list(),
    },
)
