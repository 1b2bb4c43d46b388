"""program_tests: programs on our kernels, from the root file systems that a boot loader hands over."""

load("//layouts:layouts.bzl", "processor_of")
load("//platforms:transition.bzl", "for_platform")
load("//testing/boot:boot_tests.bzl", "IMAGES")
load("//testing/boot:qemu_boot_test.bzl", "FORBIDDEN", "qemu_boot_test", "regex")

_SHELL_PROMPT = "/ # "

# Each takes half a minute of a machine that has nothing else to do.
_SUITE_SECONDS = 250

# The programs of //testing/guest, with what they are told.
_GUEST_TESTS = {
    "attack_tests": [],
    "fuzz_calls": ["seed=1", "count=10000"],
    "posix_tests": [],
}

# Lives of address spaces that are to see nothing of others': more than there are tags, for each way that ARM's page tables
# change hands.
_SOAK = {
    "arm_apcpu": ["lives=66000"],
    "arm_sos": ["lives=66000"],
}

# Layouts with a region of their own for libraries.
_HAVE_LIBRARIES = [
    "x86_64_lfos",
    "x86_64_osz",
]

# Where a process that dies of an access was, and what of its memory is nearest.
_NEAREST_OF_KIND = " ip 0x[0-9a-f]+; nearest region %s 0x[0-9a-f]+-0x[0-9a-f]+$"
_NEAREST = _NEAREST_OF_KIND % "[a-z]+"

# A process that is killed because there is no page for it.
_ENDS_WITHOUT_MEMORY = [regex("^Out of memory: init \\([0-9]+\\) write at 0x[0-9a-f]+" + _NEAREST)]

# What /test/all runs. It leaves out by itself what is not in the root file system.
_PROGRAMS = {
    "arm": ["shell", "heap", "lua", "sqlite", "compress", "mimalloc", "dynamic"],
    "x86_64": ["shell", "heap", "debian", "lua", "sqlite", "compress", "mimalloc", "dynamic"],
}

# Images with applications of their own, and the least memory that these have to do with.
_APPLICATIONS = {
    "arm_apcpu": "16M",
}

# What nobody hears of where the system process and its drivers are well: it is started again, and so are they.
_HEALTHY = FORBIDDEN + [
    regex("^the system process "),
    regex("^drivers: .* (crashed: |does not come back$|is broken$)"),
]

def program_tests(*, name, images = IMAGES):
    """All tests of programs.

    Args:
      name: what the tests' names begin with.
      images: whose.
    """
    for image in images:
        prefix = "%s_%s_" % (name, image.name)
        cpu = processor_of(image.name)
        _all_test(prefix + "all_test", image, cpu)
        _kernel_addresses(prefix, image)
        for suite, arguments in _GUEST_TESTS.items():
            _suite_test(
                "%s%s_test" % (prefix, suite),
                image,
                "//testing/guest:%s_%s" % (suite, cpu),
                arguments,
                arguments_file = ":%skernel_addresses.txt" % prefix,
            )
        _suite_test(
            prefix + "native_tests_test",
            image,
            "//testing/programs:native_tests_" + cpu,
        )
        _suite_test(
            prefix + "shared_tests_test",
            image,
            "//testing/programs:shared_tests_" + cpu,
        )
        _suite_test(
            prefix + "system_tests_test",
            image,
            "//testing/programs:system_tests_" + cpu,
            expect = [
                # By SIGILL, and by SIGXCPU.
                "the system process was killed by signal 4",
                "the system process was killed by signal 24",
            ],
            forbid = FORBIDDEN,
        )
        _suite_test(
            prefix + "fragile_tests_test",
            image,
            "//testing/programs:fragile_tests_" + cpu,
            disk = "//testing/programs:disk",
            expect = [
                "drivers: fragile crashed: SIG",
                "drivers: fragile is loaded again",
                # In its handler.
                "drivers: fragile crashed: SIG",
                "drivers: fragile is loaded again",
                "drivers: fragile does not come back",
                "drivers: fragile is loaded again",
                "the system process was killed by signal 9",
                regex("^drivers: .*: fragile$"),
                "the system process is not started again: it has ended too often",
            ],
            forbid = FORBIDDEN,
        )
        _suite_test(
            prefix + "entropy_tests_test",
            image,
            "//testing/programs:entropy_tests_" + cpu,
            disk = "//testing/programs:disk",
        )
        _suite_test(
            prefix + "line_tests_test",
            image,
            "//testing/programs:line_tests_" + cpu,
            expect = 3 * [
                "bell crashed: SIG",
                "bell is loaded again",
            ],
        )
        _suite_test(
            prefix + "limit_tests_test",
            image,
            "//testing/programs:limit_tests_" + cpu,
            expect = _ENDS_WITHOUT_MEMORY,
            memory = _least_memory(image),
        )
        _suite_test(
            prefix + "soak_test",
            image,
            "//testing/programs:soak_" + cpu,
            _SOAK.get(image.name, []),
        )
        _shell_test(prefix + "shell_test", image, cpu)
        _devices_test(prefix + "devices_test", image, cpu)
        if image.name in _HAVE_LIBRARIES:
            _libraries_test(prefix + "libraries_test", prefix, image, cpu)
        for memory in _small_memories(image):
            _small_memory_test("%ssmall_%s_test" % (prefix, memory), image, cpu, memory)
        _no_archive_test(prefix + "no_archive_test", image)
        _zeros_test(prefix + "zeros_test", image)
        _cut_off_test(prefix + "cut_off_test", image, cpu)
        _without_init_test(prefix + "without_init_test", image, cpu)
        if image.name in _APPLICATIONS:
            _applications_test(prefix + "applications_test", image, cpu, _APPLICATIONS[image.name])
        _dying_test(prefix + "dying_test", image, cpu)

def _start(name, image, *, memory = "512M", forbid = _HEALTHY, **kwargs):
    qemu_boot_test(
        name = name,
        cpu = image.default_cpu,
        forbid = forbid,
        image = "//kernel",
        machine = image.machines[0],
        memory = memory,
        platform = image.platform,
        **kwargs
    )

# The programs that each root file system has to test itself.
def _all_test(name, image, cpu):
    words = " ".join(["/test/all"] + image.tests)
    _start(
        name,
        image,
        clock = "instructions",
        command_line = "run=\"%s\"" % words if image.tests else "run=" + words,
        expect = [image.banner, "KTAP version 1"] +
                 [regex("^ok [0-9]+ - %s$" % program) for program in image.tests or _PROGRAMS[cpu]] +
                 ["init: %s: status 0" % words],
        initrd = "//userspace:initrd_" + cpu,
        ktap = True,
        size = "medium",
        time_limit_seconds = _SUITE_SECONDS,
    )

# The dynamic loader, and what it loads, in the layout's region.
def _libraries_test(name, prefix, image, cpu):
    script = Label("//testing/programs:library_region.sh")
    native.genrule(
        name = prefix + "library_region",
        testonly = True,
        srcs = [image.json],
        outs = [prefix + "library_region.txt"],
        cmd = "$(location %s) $< > $@" % script,
        tools = [script],
    )
    _start(
        name,
        image,
        command_line_file = ":%slibrary_region.txt" % prefix,
        expect = [image.banner, "KTAP version 1", regex("^ok [0-9]+ - libraries where the layout has them$")],
        initrd = "//userspace:initrd_" + cpu,
        ktap = True,
    )

# What the layout shows programs of the kernel, and what it does not. Of an image with applications only that itself knows how much.
def _kernel_addresses(prefix, image):
    script = Label("//testing/programs:kernel_addresses.sh")
    readelf = Label("@llvm//:bin/llvm-readelf")
    kernel = prefix + "kernel.elf"
    inputs = [image.json]
    tools = [script]
    command = "$(location %s) $(location %s)" % (script, image.json)
    if image.name in _APPLICATIONS:
        for_platform(
            name = kernel,
            testonly = True,
            platform = image.platform,
            tags = ["manual"],
            target = "//kernel:kernel.elf",
            visibility = ["//visibility:private"],
        )
        inputs.append(kernel)
        tools += [readelf, Label("@llvm//:readelf_files")]
        command += " $(location %s) $(location %s)" % (readelf, kernel)
    native.genrule(
        name = prefix + "kernel_addresses",
        testonly = True,
        srcs = inputs,
        outs = [prefix + "kernel_addresses.txt"],
        cmd = command + " > $@",
        tools = tools,
    )

def _suite_test(name, image, initrd, arguments = [], arguments_file = None, disk = None, expect = [], forbid = _HEALTHY, memory = "512M"):
    _start(
        name,
        image,
        # Where time is counted, it jumps to the next timer while all wait; but QEMU's disk takes the host's time.
        clock = "real" if disk else "instructions",
        command_line = " ".join(["--"] + arguments),
        command_line_file = arguments_file,
        disk = disk,
        expect = [image.banner, "KTAP version 1"] + expect,
        forbid = forbid,
        initrd = initrd,
        ktap = True,
        memory = memory,
        size = "medium",
        time_limit_seconds = _SUITE_SECONDS,
    )

# Somebody types at the shell, and looks at memory from there.
_TYPED = {
    "echo $((6 * 7)) >/tmp/a; cat /tmp/a": [regex("^42$")],
    "ps": [regex("^ +PID +USER"), regex("^ +1 .*init"), regex("^ +[0-9]+ .*ps$")],
    "free": [regex("^ +total +used +free"), regex("^Mem: +[0-9]+ +[0-9]+ +[0-9]+ ")],
    "head -n 3 /proc/meminfo": [
        regex("^MemTotal: +[1-9][0-9]* kB$"),
        regex("^MemFree: +[1-9][0-9]* kB$"),
        regex("^MemAvailable: +[1-9][0-9]* kB$"),
    ],
    "cat /proc/self/maps": [
        regex("^[0-9a-f]+-[0-9a-f]+ r--p 00000000 "),
        regex("^[0-9a-f]+-[0-9a-f]+ r-xp 000[0-9a-f]+ 00:[0-9a-f]+ [1-9][0-9]* +/bin/busybox$"),
        regex("^[0-9a-f]+-[0-9a-f]+ rw-p 000[0-9a-f]+ "),
        regex("^[0-9a-f]+-[0-9a-f]+ rw-p 0+ 00:00 0 +\\[stack\\]$"),
    ],
    "grep OK /proc/self/layout": [regex("^LAYOUT OK [^ ]+ regions=[0-9]+ "), "PROCESS OK with nothing of the image"],
    "pmap $$": [
        regex("^[0-9]+: sh$"),
        regex("^[0-9a-f]+ +[1-9][0-9]*K r-xp .*/bin/busybox$"),
        regex("^[0-9a-f]+ +[1-9][0-9]*K rw-p +\\[stack\\]$"),
        regex("^mapped: [1-9][0-9]*K$"),
    ],
    "top -b -n 1": [
        regex("^Mem: [1-9][0-9]*K used, [1-9][0-9]*K free"),
        regex("^Load average: "),
        regex("^ +[0-9]+ .*top -b -n 1$"),
    ],
    # The terminal, and whether this is the job in its foreground.
    "awk '{ print $7, $5 == $8 }' /proc/self/stat": [regex("^1088 1$")],
    "true; false; echo status $?": [regex("^status 1$")],
    "cat /proc/self/nothing": ["cat: can't open '/proc/self/nothing': No such file or directory"],
}

def _shell_test(name, image, cpu):
    expect = [image.banner, regex("^Atlas [^ ]+ [^ ]+: busybox has [1-9][0-9]* programs$")]
    for command, lines in _TYPED.items():
        expect.append(_SHELL_PROMPT + command)
        expect += lines

    # Another shell takes the place of one that ends. When one is killed, its terminal's foreground hears of it.
    hang_up = "sh -c \"trap 'echo hung up >/tmp/end' HUP; kill -9 $$; sleep 1\""
    heard = "until grep hung /tmp/end 2>/dev/null; do sleep 1; done"
    last = ["exit", "echo $0", hang_up, heard, "poweroff -f"]
    _start(
        name,
        image,
        expect = expect + [
            _SHELL_PROMPT + "exit",
            regex("^sh$"),
            _SHELL_PROMPT + heard,
            "hung up",
            _SHELL_PROMPT + "poweroff -f",
        ],
        initrd = "//userspace:initrd_small_" + cpu,
        input = _TYPED.keys() + last,
        prompt = _SHELL_PROMPT,
        time_limit_seconds = 40,
    )

# The system process finds the machine's devices and loads their drivers; what is typed from then on came by an interrupt.
_BOUND = {
    "arm": [
        regex("^drivers: pl011@.*: serial$"),
        regex("^drivers: pl031@.*: clock$"),
        regex("^drivers: virtio_mmio@.*: virtio_entropy$"),
        regex("^drivers: virtio_mmio@.*: virtio_block$"),
    ],
    "x86_64": [
        "drivers: serial port: serial",
        "drivers: clock: clock",
        regex("^drivers: pci .*: virtio_block$"),
        regex("^drivers: pci .*: virtio_entropy$"),
    ],
}

# What userspace/system/tests/disk_file_tests.cc leaves on the disk, from before the first of its writes on.
_ON_DISK = {
    "28672": "000000000001792",
    "45056": "######",
    "49151": "#000000000003072",
    "53248": "******",
    "57343": "*000000000003584",
    "81904": "00000000across two pages",
    "1048572": "1234",
}

# Where layouts with regions for programs and libraries have the system process: its code from the region's start on, and what is
# loaded while it runs.
_PLACES = {
    "x86_64_lfos": ("00400000", "[1-9a-f][0-9a-f]{8,9}"),
    "x86_64_osz": ("00200000", "[1-3][0-9a-f]{8}"),
}

# The dynamic loader, which is the C library as well, and a driver for each of four devices.
_LOADED_OBJECTS = 5

def _devices_test(name, image, cpu):
    places = []
    if image.name in _PLACES:
        program, library = _PLACES[image.name]
        places = [
            regex("^%s-[0-9a-f]+ r--p 00000000 .* /system/dispatcher$" % program),
            regex("^00[0-9a-f]{6}-[0-9a-f]+ r-xp .* /system/dispatcher$"),
            # What shows it the handlers of interrupts.
            regex("^00[0-9a-f]{6}-[0-9a-f]+ r--s 00000000 "),
        ] + [regex("^%s-%s r-xp " % (library, library))] * _LOADED_OBJECTS
    look = "grep -E 'dispatcher|r--s|r-xp' /proc/2/maps"
    typed = [
        look,
        "grep OK /proc/2/layout",
        "cat /proc/verify",
        "date -u +%F",
        "/test/disk_file_tests",
        "/test/driver_tests drivers=/test/drivers",
        # Without a sync: what is on the disk is there by then.
        "poweroff -n -f",
    ]
    _start(
        name,
        image,
        disk = "//testing/programs:disk",
        disk_holds = _ON_DISK,
        expect = [image.banner] + _BOUND[cpu] + [
            _SHELL_PROMPT + typed[0],
        ] + places + [
            _SHELL_PROMPT + typed[1],
            regex("^LAYOUT OK "),
            "PROCESS OK with nothing of the image",
            _SHELL_PROMPT + typed[2],
            regex("^LAYOUT OK "),
            _SHELL_PROMPT + typed[3],
            "2024-02-29",
            _SHELL_PROMPT + typed[4],
            "ok 10 writes reach the disk",
            _SHELL_PROMPT + typed[5],
            "ok 5 discarded drivers take nothing",
            _SHELL_PROMPT + typed[6],
        ],
        forbid = _HEALTHY + ["not ok", "drivers: the clock", "drivers: random bytes"],
        initrd = "//userspace:initrd_devices_" + cpu,
        input = typed,
        prompt = _SHELL_PROMPT,
        time_limit_seconds = 40,
    )

def _small_memories(image):
    return [memory for memory in image.memories if memory in ["16M", "32M", "39M", "64M"]]

def _least_memory(image):
    return _small_memories(image)[0]

def _small_memory_test(name, image, cpu, memory):
    _start(
        name,
        image,
        expect = [
            image.banner,
            _SHELL_PROMPT + "free",
            regex("^Mem: +[0-9]+ +[0-9]+ +[1-9][0-9]* "),
            regex("^9999$"),
            _SHELL_PROMPT + "poweroff -f",
        ],
        initrd = "//userspace:initrd_small_" + cpu,
        input = ["free", "seq 20000 | sort | tail -n 1", "poweroff -f"],
        memory = memory,
        prompt = _SHELL_PROMPT,
        time_limit_seconds = 40,
    )

# What the boot loader hands over is no root file system: the kernel says so and serves its monitor.
def _no_programs_test(name, image, initrd, lines):
    _start(
        name,
        image,
        expect = [image.banner] + lines + [regex("^boot: [0-9]+ cycles from entry to monitor$"), "atlas> off"],
        initrd = initrd,
        input = ["off"],
        time_limit_seconds = 30,
    )

_NO_ROOT = regex("^initrd: no root file system: ")

# Any file that is none.
def _no_archive_test(name, image):
    _no_programs_test(name, image, "//testing/boot:run.sh", ["initrd: not a newc header at byte 0", _NO_ROOT])

# An archive with nothing in it.
def _zeros_test(name, image):
    _no_programs_test(name, image, "//testing/boot:initrd_of_257_kib", ["initrd: there is no file in it", _NO_ROOT])

def _cut_off_test(name, image, cpu):
    _no_programs_test(name, image, "//testing/programs:cut_off_" + cpu, [
        regex("^initrd: the archive ends inside an entry at byte [0-9]+$"),
        "initrd: there is no /init",
    ])

def _without_init_test(name, image, cpu):
    _no_programs_test(name, image, "//testing/programs:without_init_" + cpu, ["initrd: there is no /init"])

# Where no memory can be, of which x86_64 tells no more than the instruction.
_NOWHERE = {
    "arm": "write at 0x0*f{8}",
    "x86_64": "instruction at 0x[0-9a-f]+",
}

# Each kind of access, to an area without that right, which is the nearest one.
_BAD_ACCESSES = {
    "read": "anonymous",
    "execute": "anonymous",
    "write": "shared",
}

# The first program is an application of the image, which tries what such may do.
def _applications_test(name, image, cpu, memory):
    _start(
        name,
        image,
        command_line = "init=/kernel/trial",
        expect = [image.banner, "KTAP version 1", "init ended with status 0"],
        initrd = "//testing/programs:beside_" + cpu,
        ktap = True,
        memory = memory,
        time_limit_seconds = 40,
    )

# Nothing is left to run: that is an error, but not the kernel's.
def _dying_test(name, image, cpu):
    _start(
        name,
        image,
        exit = "failure",
        expect = [
            image.banner,
            regex("^Bus error: init \\([0-9]+\\) write at 0x[0-9a-f]+" + _NEAREST),
            regex("^Segmentation fault: init \\([0-9]+\\) " + _NOWHERE[cpu] + _NEAREST),
        ] + [
            regex("^Segmentation fault: init \\([0-9]+\\) %s at 0x[0-9a-f]+000" % access + _NEAREST_OF_KIND % kind)
            for access, kind in _BAD_ACCESSES.items()
        ] + [
            regex("^Segmentation fault: init \\(1\\) write at 0x0+10" + _NEAREST),
            "init was killed by signal 11",
        ],
        initrd = "//testing/programs:dying_" + cpu,
        time_limit_seconds = 30,
    )
