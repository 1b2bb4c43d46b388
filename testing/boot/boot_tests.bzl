"""The boot tests of all images, as tables: what each one starts, types and expects."""

load("//layouts:layouts.bzl", "layout_of", "processor_of")
load(":qemu_boot_test.bzl", "FORBIDDEN", "qemu_boot_test", "regex")

_MONITOR_COMMANDS = ["help", "map", "regions", "frames", "slabs", "vmalloc", "window", "context", "threads", "user", "devices", "verify", "uptime", "crash", "reboot", "off"]

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

# What the images of a processor have in common.
_PROCESSORS = {
    "arm": struct(
        banner = "Atlas arm %s (device tree)",
        # The default first.
        cpus = ["cortex-a15", "cortex-a7"],
        # Every device reaches all frames.
        dma_pages = "0",
        machines = ["virt"],
        memories = _VIRT_MEMORIES,
    ),
    "x86_64": struct(
        banner = "Atlas x86_64 %s (PVH start info v1)",
        cpus = ["max", "kvm64", "Nehalem", "qemu64"],
        # Frames that the ISA bus's DMA controller reaches: some.
        dma_pages = "[1-9][0-9]*",
        machines = ["q35", "pc"],
        memories = _PC_MEMORIES,
    ),
}

def image(
        *,
        name,
        user_last,
        high_memory,
        contexts = None,
        depths = [],
        direct_mappings = {},
        forbid = [],
        memories = None,
        package = None,
        parts = [],
        scratch = None,
        slab_regions = [],
        table = None,
        tests = []):
    """An image and what is tested of it.

    Args:
      name: <processor>_<layout>.
      user_last: where the user half ends, or a region of it, by which the layout is known to be the one for the depth
        of the page tables: an address as the kernel prints it, or one for each processor (QEMU's -cpu).
      high_memory: amounts of memory of which some lies beyond the direct map.
      contexts: bytes of a context's root to what it reaches, for each size that there is. By default any will do.
      depths: a processor for each depth of page tables, if there are several.
      direct_mappings: processor to the number of mappings, a pattern, that show 6 GiB in a direct map of all memory.
      forbid: what its boot never prints, besides FORBIDDEN.
      memories: amounts of memory, each with a range that the map has; by default the processor's.
      parts: lines, as patterns, of a layout that packs its image.
      scratch: the region of scratchpad and boot stack, if it is not the image's.
      slab_regions: where slabs lie, in the table's order, and blocks of a page in the first; none: the direct map.
      table: the layout's placement for it, if it has several.
      tests: which programs of /test run where its user regions are; by default all there are.
      package: of the layout, the platform and the page, for images that //layouts does not have.
    """
    layout = layout_of(name)
    processor = _PROCESSORS[processor_of(name)]
    return struct(
        name = name,
        banner = processor.banner % layout,
        contexts = contexts,
        cpus = {cpu: user_last if type(user_last) == "string" else user_last[cpu] for cpu in processor.cpus},
        default_cpu = processor.cpus[0],
        depths = depths,
        direct_mappings = direct_mappings,
        dma_pages = processor.dma_pages,
        forbid = FORBIDDEN + forbid,
        high_memory = high_memory,
        json = "%s:%s_json" % (package or "//layouts", table or layout),
        layout = layout,
        machines = processor.machines,
        memories = memories or processor.memories,
        page = "%s:%s.md" % (package or "//docs/layouts", layout),
        parts = parts,
        platform = "%s:%s" % (package or "//platforms", name),
        scratch = scratch,
        slab_regions = slab_regions,
        tests = tests,
    )

_X86_64_OSZ = image(
    name = "x86_64_osz",
    contexts = {"4096": "0x00000000ffffffff"},
    # A processor for each depth, tried with every machine and memory.
    depths = ["max", "qemu64"],
    high_memory = ["6G"],
    user_last = {
        "max": "0x00ffffffffffffff",
        "kvm64": "0x00007fffffffffff",
        "Nehalem": "0x00007fffffffffff",
        "qemu64": "0x00007fffffffffff",
    },
    slab_regions = ["heap"],
)

# One depth, whatever the processor: five levels stay off. How machine, processor and memory combine is start-up's, and
# is tried with osz; here each of them is met once.
_X86_64_KORA = image(
    name = "x86_64_kora",
    # One entry of the root has all 4 GiB, the process's and the kernel's: what they share lies below.
    contexts = {"4096": "0x00000000bfffffff"},
    forbid = ["+la57"],
    # Below and above the 4 GiB hole.
    high_memory = ["3G", "6G"],
    table = "x86_64_kora",
    user_last = "0x00000000bfffffff",
)

# All memory is in the direct map, which is 4 TiB.
_X86_64_LFOS = image(
    name = "x86_64_lfos",
    contexts = {"4096": "0x00000000ffffffff"},
    # Of 6 GiB, four are whole pages of 1 GiB where the processor has such: 2044 entries less.
    direct_mappings = {
        "max": "[12][0-9]{3}",
        "qemu64": "[345][0-9]{3}",
    },
    forbid = ["+la57"],
    high_memory = [],
    scratch = "scratch",
    slab_regions = ["slab4k", "heap"],
    user_last = "0x00007fffffffefff",
)

_ARM_SOS = image(
    name = "arm_sos",
    contexts = {"8192": "0x000000007fdfffff"},
    depths = ["cortex-a15"],
    high_memory = ["3G"],
    user_last = "0x000000007fffffff",
)

_ARM_KORA = image(
    name = "arm_kora",
    contexts = {"16384": "0x00000000bfffffff"},
    high_memory = ["3G"],
    table = "arm_kora",
    user_last = "0x00000000bfffffff",
)

_ARM_APCPU = image(
    name = "arm_apcpu",
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
    # All that is more than the direct map's 14 MiB.
    high_memory = ["64M", "512M", "3G"],
    # QEMU puts the device tree half way up: with 39 MiB, across the end of the direct map.
    memories = {
        "16M": "-0x0000000040ffffff +[0-9]+ [KM]iB usable",
        "39M": "-0x00000000426fffff +[0-9]+ [KM]iB usable",
    } | _VIRT_MEMORIES,
    # In order: a stack of 31 KiB, the copy of what contexts share, and the heap, packed.
    parts = [
        "0000000000000000-0x[0-9a-f]+fff text            user r-x kernel r-x page",
        "[0-9a-f]+000-0x[0-9a-f]+fff rodata          user r-- kernel r-- page",
        "[0-9a-f]+000-0x[0-9a-f]+fff data            user --- kernel rw- page",
        "[0-9a-f]+000-0x[0-9a-f]+057 shared original user --- kernel --- page",
        "[0-9a-f]+000-0x[0-9a-f]+bff kernel stack    user --- kernel rw- page",
        "[0-9a-f]+c00-0x[0-9a-f]+c57 kernel shared   user --- kernel rw- packed",
        "[0-9a-f]+c58-0x0000000000dfffff kernel heap     user --- kernel rw- packed",
    ],
    user_last = "0x00000000ffffefff",
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
    "thread-stack": ("kernel stack overflow: write at 0x[0-9a-f]+ is in the guard page below the stack of a trial", "Descend"),
    "undefined": ("unexpected exception: (invalid opcode|undefined instruction) \\(code 0x[0-9a-f]+\\)", "ExecuteUndefined"),
    "user-execute": ("execute at 0x[0-9a-f]+ in region [a-z]+: not permitted", "(system_call_entry|on_supervisor_call)"),
    "user-read": ("read at 0x[0-9a-f]+ in region [a-z]+: not permitted", "ReadUserPage"),
    "vmalloc-freed": ("use after vfree: write at 0x[0-9a-f]+ in area 'crash test', which was freed", "WriteFreedArea"),
    "vmalloc-guard": (
        "vmalloc overrun: write at 0x[0-9a-f]+ is in the guard page behind area 'crash test', 0x[0-9a-f]+-0x[0-9a-f]+",
        "OverrunArea",
    ),
}

# The same for mistakes that only a region for slabs shows.
_SLAB_CRASHES = {
    "heap-freed": ("no kernel object: write at 0x[0-9a-f]+ in region %s, freed or never allocated", "WriteFreedBlock"),
}

def boot_tests(*, name, images = IMAGES):
    """All boot tests.

    Args:
      name: what the tests' names begin with.
      images: whose.
    """
    for image in images:
        prefix = "%s_%s_" % (name, image.name)
        for machine, cpu, memory in _combinations(image):
            _boot(prefix, image, machine, cpu, memory)
        _monitor_test(prefix + "monitor_test", image)
        _reboot_test(prefix + "reboot_test", image)
        _units_test(prefix + "units_test", image)
        _initrd_test(prefix + "initrd_test", image)
        _cost_test(prefix + "verify_cost_test", image)
        for cpu in image.cpus:
            _user_test("%suser_%s_test" % (prefix, cpu), image, cpu)
        _user_cost_test(prefix + "user_cost_test", image)
        _too_little_test(prefix + "too_little_memory_test", image)
        for memory in image.high_memory:
            _high_memory_test("%shigh_memory_%s_test" % (prefix, memory), image, memory)
        if image.parts:
            _parts_test(prefix + "parts_test", image)
        for cpu, mappings in image.direct_mappings.items():
            _direct_map_test("%sdirect_map_%s_test" % (prefix, cpu), image, cpu, mappings)
        for kind, (message, function) in _CRASHES.items():
            _crash_test(prefix, image, kind, message, function)
        for region in image.slab_regions[:1]:
            for kind, (message, function) in _SLAB_CRASHES.items():
                _crash_test(prefix, image, kind, message % region, function)

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

# What the verification says of a region with pages in it.
def _holds_pages(region):
    return regex("^verify %s +ok, [1-9][0-9]* pages in [1-9][0-9]* mappings$" % region)

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
        ] + [_holds_pages(region) for region in [image.scratch] if region] + [
            _layout_ok(image),
            regex("^boot: [0-9]+ cycles from entry to monitor$"),
            "atlas> off",
        ],
        forbid = image.forbid,
        input = ["off"],
        machine = machine,
        memory = memory,
        page = image.page,
    )

# What a context's root of so many bytes reaches.
def _contexts(image):
    end = [
        regex("^context: [0-9]+ switches, a second with the same pages, layout ok$"),
        "context: ended, nothing kept, layout ok",
    ]
    if image.contexts == None:
        return [regex("^context: a root of [0-9]+ bytes reaches 0x[0-9a-f]{16}, 1 page, layout ok$")] + end
    lines = [
        "context: a root of %s bytes reaches %s, %d page%s, layout ok" % (size, reach, pages + 1, "s" if pages else "")
        for pages, (size, reach) in enumerate(image.contexts.items())
    ]
    return lines + end

# While the heap is in use.
def _slabs_in_regions(image):
    return [
        regex("^slabs at 0x[0-9a-f]{16}-0x[0-9a-f]{16}: [1-9][0-9]* pages, 1 more for descriptors$")
        for _ in image.slab_regions
    ] + [_holds_pages(region) for region in image.slab_regions]

def _monitor_test(name, image):
    window = "beyond" if _MEMORY in image.high_memory else "in"
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
                     regex("^window: frame at 0x[0-9a-f]{16}, %s the direct map, holds what was written$" % window),
                     "atlas> slabs",
                     regex("^kalloc-112 +112 +[1-9][0-9]* +1 "),
                 ] +
                 _slabs_in_regions(image) +
                 [
                     _layout_ok(image),
                     regex("^heap: sound, contents kept; [1-9][0-9]* pages given back$"),
                     "atlas> context",
                 ] + _contexts(image) + [
            "atlas> threads",
            "threads: at first, the tables are alike but for what is each one's own",
            regex("^threads: [1-9][0-9]* bytes of tables, layout ok$"),
            regex("^threads: [1-9][0-9]* bytes of tables, layout ok$"),
            "threads: with a page more, the tables are alike but for what is each one's own",
            regex("^threads: [1-9][0-9]* bytes of tables, layout ok$"),
            regex("^threads: [1-9][0-9]* bytes of tables, layout ok$"),
            "threads: without it, the tables are alike but for what is each one's own",
            "threads: what one is not told of is found",
            "threads: ended, nothing kept, layout ok",
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
        input = ["help", "map", "regions", "frames", "vmalloc", "window", "slabs", "context", "threads", "devices", "verify", "uptime", "nonsense", "verify now", "", "crash wrong", "off"],
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

# A comparison of all live tables takes less than five million instructions.
def _cost_test(name, image):
    _start(
        name,
        image,
        clock = "instructions",
        expect = ["atlas> verify", _layout_ok(image), regex("^verify: ([0-9]{1,6}|[1-4][0-9]{6}) cycles$"), "atlas> off"],
        input = ["verify", "off"],
    )

_USER_TRIALS = [
    "a system call keeps all registers but its result",
    "a system call that is restarted",
    "a store to a page that is not there",
    "a store to its code",
    "a store to the kernel",
    "a jump to its stack",
    "a jump to the kernel",
    "a start in the kernel",
    "a start where nothing can be",
    "an undefined instruction",
    "a division by zero",
    "a breakpoint",
    "a trap behind a system call",
    "what only the kernel may do",
    "floating point of two threads",
    "a thread that waits for another, and a tick",
    "a signal's handler, and back",
    "a handler that asks for no siginfo",
    "a frame of zeros",
    "a frame of ones",
    "a signal after scrambled frames",
    "copies of all lengths",
    "copies that are half in a missing page",
    "copies to its code",
    "copies to a null pointer",
    "pointers to the kernel, and past the end",
    "copies of strings",
    "words, and exchanges of words",
    "a copy whose fault is resolved",
]

# User mode, tried by programs in the image.
def _user_test(name, image, cpu):
    _start(
        name,
        image,
        cpu = cpu,
        expect = ["atlas> user"] + ["user: %s: ok" % trial for trial in _USER_TRIALS] + [
            "user: ended, nothing kept, layout ok",
            "atlas> verify",
            _layout_ok(image),
            "atlas> off",
        ],
        forbid = image.forbid + ["WRONG"],
        input = ["user", "verify", "off"],
    )

# Entry, a handler that does nothing, and return.
def _user_cost_test(name, image):
    _start(
        name,
        image,
        clock = "instructions",
        expect = [regex("^user: [1-7]?[0-9] cycles for a system call that does nothing$"), "atlas> off"],
        input = ["user", "off"],
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

# The image in parts, in the layout's order and packed as it says. The first that the heap holds goes on above the image.
def _parts_test(name, image):
    _start(
        name,
        image,
        expect = ["atlas> map", regex("^  0x0000000040[0-9a-f]{6}-0x[0-9a-f]{16} +[0-9]+ KiB page descriptors$")] +
                 ["atlas> regions", "image: %d parts" % len(image.parts)] +
                 [regex("^  0x%s$" % part) for part in image.parts] +
                 ["atlas> off"],
        input = ["map", "regions", "off"],
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

def _crash_test(prefix, image, kind, message, function):
    expect = [
        _layout_ok(image),
        "atlas> crash " + kind,
        regex("^PANIC: " + message),
        "backtrace:",
        _frame(function),
    ]
    if kind not in ["stack", "thread-stack", "user-execute", "user-read"]:
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
