"""The boot tests of all images, as tables: what each one starts, types and expects."""

load(":qemu_boot_test.bzl", "FORBIDDEN", "qemu_boot_test", "regex")

_MONITOR_COMMANDS = ["help", "map", "regions", "frames", "slabs", "vmalloc", "window", "context", "devices", "verify", "uptime", "crash", "reboot", "off"]

# Where the amount does not matter.
_MEMORY = "512M"

# Memory of a PC: a range that its map has. 6 GiB lie partly above the 4 GiB hole.
_PC_MEMORIES = {
    "64M": "0x0000000000[0-9a-f]+-0x0000000003[0-9a-f]+ ",
    "512M": "0x0000000000[0-9a-f]+-0x000000001f[0-9a-f]+ ",
    "3G": "0x0000000000[0-9a-f]+-0x00000000[7b][0-9a-f]+ ",
    "6G": "0x0000000100000000-0x00000001[0-9a-f]+ +[0-9]+ [GM]iB usable",
}

# The same of the "virt" board.
_VIRT_MEMORIES = {
    "64M": "-0x0000000043ffffff +[0-9]+ [KM]iB usable",
    "512M": "-0x000000005fffffff +[0-9]+ [KM]iB usable",
    "3G": "-0x00000000ffffffff +[0-9]+ [KM]iB usable",
}

def _image(*, name, banner, layout, machines, memories, high_memory, cpus, depths, dma_pages, direct_mappings = {}, parts = [], contexts = {"4096": "0x00000000ffffffff"}, table = None, forbid = []):
    return struct(
        name = name,
        banner = banner,
        contexts = contexts,
        cpus = cpus,
        default_cpu = cpus.keys()[0],
        depths = depths,
        direct_mappings = direct_mappings,
        dma_pages = dma_pages,
        forbid = FORBIDDEN + forbid,
        high_memory = high_memory,
        layout = layout,
        machines = machines,
        memories = memories,
        parts = parts,
        platform = "//platforms:" + name,
        # What //layouts:<table>_json is of.
        table = table or layout,
    )

_X86_64_OSZ = _image(
    name = "x86_64_osz",
    banner = "Atlas x86_64 osz (PVH start info v1)",
    # Processor, the default first: where the user half ends, which tells the depth of the page tables.
    cpus = {
        "max": "0x00ffffffffffffff",
        "kvm64": "0x00007fffffffffff",
        "Nehalem": "0x00007fffffffffff",
        "qemu64": "0x00007fffffffffff",
    },
    # A processor for each depth, tried with every machine and memory.
    depths = ["max", "qemu64"],
    # Frames that the ISA bus's DMA controller reaches: some.
    dma_pages = "[1-9][0-9]*",
    # Some of it lies beyond the direct map.
    high_memory = ["6G"],
    layout = "osz",
    machines = ["q35", "pc"],
    memories = _PC_MEMORIES,
)

# One depth, whatever the processor: five levels stay off. How machine, processor and memory combine is start-up's, and
# is tried with osz; here each of them is met once.
_X86_64_KORA = _image(
    name = "x86_64_kora",
    banner = "Atlas x86_64 kora (PVH start info v1)",
    # One entry of the root has all 4 GiB, the process's and the kernel's.
    contexts = {},
    cpus = {
        "max": "0x00000000bfffffff",
        "kvm64": "0x00000000bfffffff",
        "Nehalem": "0x00000000bfffffff",
        "qemu64": "0x00000000bfffffff",
    },
    depths = [],
    dma_pages = "[1-9][0-9]*",
    forbid = ["+la57"],
    # Below and above the 4 GiB hole.
    high_memory = ["3G", "6G"],
    layout = "kora",
    machines = ["q35", "pc"],
    memories = _PC_MEMORIES,
    table = "x86_64_kora",
)

# All memory is in the direct map, which is 4 TiB.
_X86_64_LFOS = _image(
    name = "x86_64_lfos",
    banner = "Atlas x86_64 lfos (PVH start info v1)",
    cpus = {
        "max": "0x00007fffffffefff",
        "kvm64": "0x00007fffffffefff",
        "Nehalem": "0x00007fffffffefff",
        "qemu64": "0x00007fffffffefff",
    },
    depths = [],
    # Of 6 GiB, four are whole pages of 1 GiB where the processor has such: 2044 entries less.
    direct_mappings = {
        "max": "[12][0-9]{3}",
        "qemu64": "[345][0-9]{3}",
    },
    dma_pages = "[1-9][0-9]*",
    forbid = ["+la57"],
    high_memory = [],
    layout = "lfos",
    machines = ["q35", "pc"],
    memories = _PC_MEMORIES,
)

_ARM_SOS = _image(
    name = "arm_sos",
    banner = "Atlas arm sos (device tree)",
    contexts = {"8192": "0x000000007fffffff"},
    cpus = {
        "cortex-a15": "0x000000007fffffff",
        "cortex-a7": "0x000000007fffffff",
    },
    depths = ["cortex-a15"],
    # Every device reaches all frames.
    dma_pages = "0",
    high_memory = ["3G"],
    layout = "sos",
    machines = ["virt"],
    memories = _VIRT_MEMORIES,
)

_ARM_KORA = _image(
    name = "arm_kora",
    banner = "Atlas arm kora (device tree)",
    contexts = {"16384": "0x00000000bfffffff"},
    cpus = {
        "cortex-a15": "0x00000000bfffffff",
        "cortex-a7": "0x00000000bfffffff",
    },
    depths = [],
    dma_pages = "0",
    high_memory = ["3G"],
    layout = "kora",
    machines = ["virt"],
    memories = _VIRT_MEMORIES,
    table = "arm_kora",
)

_ARM_APCPU = _image(
    name = "arm_apcpu",
    banner = "Atlas arm apcpu (device tree)",
    # As TTBCR.N sizes it.
    contexts = {
        "128": "0x0000000001ffffff",
        "256": "0x0000000003ffffff",
        "512": "0x0000000007ffffff",
        "1024": "0x000000000fffffff",
        "2048": "0x000000001fffffff",
        "4096": "0x000000003fffffff",
        "8192": "0x000000007fffffff",
        "16384": "0x00000000ffffefff",
    },
    cpus = {
        "cortex-a15": "0x00000000ffffefff",
        "cortex-a7": "0x00000000ffffefff",
    },
    depths = [],
    dma_pages = "0",
    # All that is more than the direct map's 20 MiB.
    high_memory = ["64M", "512M", "3G"],
    layout = "apcpu",
    machines = ["virt"],
    memories = {"16M": "-0x0000000040ffffff +[0-9]+ [KM]iB usable"} | _VIRT_MEMORIES,
    # In order: a stack of 31 KiB, the copy of what contexts share, and the heap, packed.
    parts = [
        "0000000000000000-0x[0-9a-f]+fff text            user r-x kernel r-x page",
        "[0-9a-f]+000-0x[0-9a-f]+fff rodata          user r-- kernel r-- page",
        "[0-9a-f]+000-0x[0-9a-f]+fff data            user --- kernel rw- page",
        "[0-9a-f]+000-0x[0-9a-f]+007 shared original user --- kernel --- page",
        "[0-9a-f]+000-0x[0-9a-f]+bff kernel stack    user --- kernel rw- page",
        "[0-9a-f]+c00-0x[0-9a-f]+c07 kernel shared   user --- kernel rw- packed",
        "[0-9a-f]+c08-0x00000000013fffff kernel heap     user --- kernel rw- packed",
    ],
)

IMAGES = [_X86_64_OSZ, _X86_64_KORA, _X86_64_LFOS, _ARM_KORA, _ARM_SOS, _ARM_APCPU]

# Deliberate mistake: how the panic begins, and the function that its backtrace names. A jump into nothing has no frame
# of its own, and leaves the next one to the jump's caller.
_CRASHES = {
    "call": ("null dereference: execute at 0x0000000000000000", "RunMonitor"),
    "check": ("check failed: holds at kernel/init/crash.cc:", "FailCheck"),
    "execute": ("execute at 0x[0-9a-f]+ in the image's data section", "RunMonitor"),
    "null": ("null dereference: write at 0x0000000000000000", "DereferenceNull"),
    "rodata": ("write to read-only data: 0x[0-9a-f]+ lies in the image's rodata section", "WriteReadOnlyData"),
    "stack": ("kernel stack overflow: write at 0x[0-9a-f]+ is in the (guard page|shared original) below the boot stack", "Descend"),
    "text": ("write to read-only data: 0x[0-9a-f]+ lies in the image's text section", "WriteText"),
    "undefined": ("unexpected exception: (invalid opcode|undefined instruction) \\(code 0x[0-9a-f]+\\)", "ExecuteUndefined"),
    "vmalloc-freed": ("use after vfree: write at 0x[0-9a-f]+ in area 'crash test', which was freed", "WriteFreedArea"),
    "vmalloc-guard": (
        "vmalloc overrun: write at 0x[0-9a-f]+ is in the guard page behind area 'crash test', 0x[0-9a-f]+-0x[0-9a-f]+",
        "OverrunArea",
    ),
}

def boot_tests(*, name):
    """All boot tests.

    Args:
      name: what the tests' names begin with.
    """
    for image in IMAGES:
        prefix = "%s_%s_" % (name, image.name)
        for machine, cpu, memory in _combinations(image):
            _boot(prefix, image, machine, cpu, memory)
        _monitor_test(prefix + "monitor_test", image)
        _reboot_test(prefix + "reboot_test", image)
        _units_test(prefix + "units_test", image)
        _initrd_test(prefix + "initrd_test", image)
        _too_little_test(prefix + "too_little_memory_test", image)
        for memory in image.high_memory:
            _high_memory_test("%shigh_memory_%s_test" % (prefix, memory), image, memory)
        if image.parts:
            _parts_test(prefix + "parts_test", image)
        for cpu, mappings in image.direct_mappings.items():
            _direct_map_test("%sdirect_map_%s_test" % (prefix, cpu), image, cpu, mappings)
        for kind in _CRASHES:
            _crash_test(prefix, image, kind)

# Each machine, processor and memory with the defaults of the others, and all with all where the depth may matter.
def _combinations(image):
    machine, cpu = image.machines[0], image.default_cpu
    found = [(m, c, memory) for m in image.machines for c in image.depths for memory in image.memories]
    found += [(m, cpu, _MEMORY) for m in image.machines]
    found += [(machine, c, _MEMORY) for c in image.cpus]
    found += [(machine, cpu, memory) for memory in image.memories]
    return {one: None for one in found}.keys()

def _start(name, image, *, machine = None, cpu = None, memory = _MEMORY, kernel = "//kernel", **kwargs):
    qemu_boot_test(
        name = name,
        cpu = cpu or image.default_cpu,
        image = kernel,
        machine = machine or image.machines[0],
        memory = memory,
        platform = image.platform,
        **kwargs
    )

def _layout_ok(image):
    return regex("^LAYOUT OK %s regions=[0-9]+ mappings=[0-9]+ digest=[0-9a-f]{16}$" % image.layout)

def _boot(prefix, image, machine, cpu, memory):
    _start(
        "%s%s_%s_%s_test" % (prefix, machine, cpu, memory),
        image,
        cpu = cpu,
        expect = [
            image.banner,
            regex("^cpu: "),
            regex("^memory map: [0-9]+ regions$"),
            regex(image.memories[memory]),
            regex("^usable: +[0-9]+ [KMG]iB$"),
            regex("^layout %s: [0-9]+ regions$" % image.layout),
            regex("-%s +[0-9]+ [A-Z]" % image.cpus[cpu]),
            regex("^verify [a-z]+ +ok, [0-9]+ pages in [0-9]+ mappings$"),
            _layout_ok(image),
            regex("^boot: [0-9]+ cycles from entry to monitor$"),
            "atlas> off",
        ],
        forbid = image.forbid,
        input = ["off"],
        machine = machine,
        memory = memory,
        page = "//docs/layouts:%s.md" % image.layout,
    )

# What a context's root of so many bytes reaches.
def _contexts(image):
    if not image.contexts:
        return ["context: the root's entries cannot be shared: unsupported"]
    lines = [
        "context: a root of %s bytes reaches %s, %d page%s, layout ok" % (size, reach, pages + 1, "s" if pages else "")
        for pages, (size, reach) in enumerate(image.contexts.items())
    ]
    return lines + ["context: ended, nothing kept, layout ok"]

def _monitor_test(name, image):
    where = "beyond" if _MEMORY in image.high_memory else "in"
    _start(
        name,
        image,
        expect = ["atlas> help"] +
                 [regex("^  %s " % command) for command in _MONITOR_COMMANDS] +
                 [
                     "atlas> map",
                     regex("^memory map: [0-9]+ regions$"),
                     regex("^  0x[0-9a-f]{16}-0x[0-9a-f]{16} +[0-9]+ [KMG]iB kernel image$"),
                     "atlas> regions",
                     regex("^layout %s: [0-9]+ regions$" % image.layout),
                     regex("user (---|w\\^x) kernel (rw-|w\\^x) +global +direct map"),
                     "atlas> frames",
                     regex("^zone dma +usable +%s free" % image.dma_pages),
                     regex("^zone normal +usable +[1-9][0-9]* free"),
                     "double frees noticed late: 0",
                     "atlas> vmalloc",
                     regex("^vmalloc: [1-9][0-9]* areas, 0 pages of memory, [1-9][0-9]* of devices; 0 areas wait"),
                     regex("^  0x[0-9a-f]{16}-0x[0-9a-f]{16} +[0-9]+ pages device   .* at 0x[0-9a-f]{16}$"),
                     "atlas> window",
                     regex("^window: frame at 0x[0-9a-f]{16}, %s the direct map, holds what was written$" % where),
                     "atlas> slabs",
                     regex("^kalloc-112 +112 +[1-9][0-9]* +1 "),
                     regex("^heap: sound, contents kept; [1-9][0-9]* pages given back$"),
                     "atlas> context",
                 ] + _contexts(image) + [
            "atlas> devices",
            regex("^devices: plugged in at 0x[0-9a-f]{16}, 0x[0-9a-f]{16}, 0x[0-9a-f]{16}, layout ok$"),
            regex("^devices: a hole at 0x[0-9a-f]{16}, layout ok$"),
            regex("^devices: plugged in at 0x[0-9a-f]{16}, the hole, layout ok$"),
            "devices: all gone, nothing kept, layout ok",
            "atlas> verify",
            _layout_ok(image),
            "atlas> uptime",
            regex("^up [1-9][0-9]* ticks of 1/100 s; [1-9][0-9]* cycles a second$"),
            "atlas> nonsense",
            "no command 'nonsense'; 'help' lists them",
            "atlas> verify now",
            "verify takes no argument, got 'now'",
            "atlas> crash wrong",
            "crash: no kind 'wrong'; there are:",
            "atlas> off",
        ],
        input = ["help", "map", "regions", "frames", "vmalloc", "window", "slabs", "context", "devices", "verify", "uptime", "nonsense", "verify now", "", "crash wrong", "off"],
    )

def _reboot_test(name, image):
    _start(
        name,
        image,
        expect = [image.banner, _layout_ok(image), "atlas> reboot", image.banner, _layout_ok(image), "atlas> off"],
        input = ["reboot", "off"],
    )

# The same tests as on the host, inside the image.
def _units_test(name, image):
    _start(
        name,
        image,
        command_line = "test",
        expect = [image.banner, "KTAP version 1"],
        kernel = "//kernel:kernel_test",
        ktap = True,
        time_limit_seconds = 30,
    )

# What the boot loader put beside the kernel stays where it is.
def _initrd_test(name, image):
    _start(
        name,
        image,
        expect = [
            regex("^  0x[0-9a-f]{16}-0x[0-9a-f]{16} +260 KiB module$"),
            _layout_ok(image),
            "atlas> off",
        ],
        initrd = "//testing/boot:initrd_of_257_kib",
        input = ["off"],
    )

def _too_little_test(name, image):
    _start(
        name,
        image,
        exit = "failure",
        expect = [regex("^BOOT REFUSED: .*too little RAM: [0-9]+ KiB usable, [0-9]+ KiB needed$")],
        forbid = ["PANIC:", "LAYOUT OK", "atlas>"],
        memory = "8M",
    )

# Frames that the direct map does not show are reached through windows, with the layout intact after it.
def _high_memory_test(name, image, memory):
    _start(
        name,
        image,
        expect = [
            "atlas> window",
            regex("^window: frame at 0x[0-9a-f]{16}, beyond the direct map, holds what was written$"),
            "atlas> verify",
            _layout_ok(image),
            "atlas> off",
        ],
        input = ["window", "verify", "off"],
        memory = memory,
    )

# The image in parts, in the layout's order and packed as it says.
def _parts_test(name, image):
    _start(
        name,
        image,
        expect = ["atlas> regions", "image: %d parts" % len(image.parts)] +
                 [regex("^  0x%s$" % part) for part in image.parts] +
                 ["atlas> off"],
        input = ["regions", "off"],
    )

# The direct map shows all memory, with the largest pages that the processor has.
def _direct_map_test(name, image, cpu, mappings):
    _start(
        name,
        image,
        cpu = cpu,
        expect = [
            regex("^verify direct +ok, 157[0-9]{4} pages in %s mappings$" % mappings),
            "atlas> frames",
            regex("^zone high +usable +0 free"),
            "atlas> window",
            regex("^window: frame at 0x[0-9a-f]{16}, in the direct map, holds what was written$"),
            "atlas> verify",
            _layout_ok(image),
            "atlas> off",
        ],
        input = ["frames", "window", "verify", "off"],
        memory = "6G",
    )

def _frame(function):
    return regex("^  #[0-9]+ 0x[0-9a-f]{16} .*%s.*\\+0x[0-9a-f]+$" % function)

def _crash_test(prefix, image, kind):
    message, function = _CRASHES[kind]
    expect = [
        _layout_ok(image),
        "atlas> crash " + kind,
        regex("^PANIC: " + message),
        "backtrace:",
        _frame(function),
    ]
    if kind != "stack":
        # All the way down. An overflowed stack has more frames than a backtrace shows.
        expect.append(_frame("kernel::Main"))
    _start(
        "%scrash_%s_test" % (prefix, kind.replace("-", "_")),
        image,
        exit = "failure",
        expect = expect,
        forbid = [line for line in FORBIDDEN if line != "PANIC:"] + ["nothing caught it", "again, while panicking"],
        input = ["crash " + kind],
    )
