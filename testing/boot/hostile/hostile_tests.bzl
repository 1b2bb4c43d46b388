"""Firmware that lies: what each case gives the kernel and the sentence it must refuse with.

The data of a case comes from make_start_info.cc and make_device_tree.cc, by its name.
"""

load("//testing/boot:qemu_boot_test.bzl", "qemu_boot_test", "regex")

# Case: refusal. "sound" is not refused: it shows that the way there works.
START_INFO_CASES = {
    "bad_magic": "the loader left no PVH start info",
    "empty": "the PVH start info has no memory map",
    "many_modules": "the PVH start info has more than 8 modules",
    "map_nowhere": "the PVH memory map is outside the memory that start-up can read",
    "old_version": "the PVH start info has no memory map",
    "only_reserved": "the memory map has no usable RAM",
    "overlapping": "memory map entry 3 overlaps the one before it",
    "too_little": "too little RAM: ",
    "too_many": "the PVH memory map has more than 128 ranges",
    "unsorted": "memory map entry 1 is unsorted",
    "wrapping": "memory map entry 3 wraps past the end of memory",
    "wrapping_module": "a PVH module runs past the top of the physical address space",
    "zero_length": "memory map entry 1 has length zero",
}

DEVICE_TREE_CASES = {
    "bad_magic": "there is no device tree where r2 points",
    "broken": "the device tree is broken",
    "cut": "the device tree is broken",
    "no_memory": "the device tree describes no memory",
    "overlapping": "memory map entry 1 overlaps the one before it",
    "short_reg": "the device tree's memory node has no readable reg property",
    "too_little": "too little RAM: ",
    "too_long": "the device tree is longer than the memory it may lie in",
    "unsorted": "memory map entry 1 is unsorted",
    "wrapping": "memory map entry 1 wraps past the end of memory",
    "zero_length": "memory map entry 0 has length zero",
}

# Address passed on instead of that of the data: refusal.
_START_INFO_ADDRESSES = {
    "0": "the loader left no PVH start info",
    "0x3000000": "the loader left no PVH start info",
    "0xfffffff0": "the PVH start info is outside the memory that start-up can read",
}

_DEVICE_TREE_ADDRESSES = {
    "0": "no device tree: r2 is 0",
    "0x30000000": "the device tree is out of the direct map's reach",
    "0x40010000": "the device tree lies inside the kernel image",
    "0x48000004": "no device tree: r2 is not a multiple of 8",
    "0x50000000": "there is no device tree where r2 points",
    "0xfffffff8": "the device tree is out of the direct map's reach",
}

# The same where the direct map is shorter than RAM: its last 8 bytes, and the byte after them.
_DEVICE_TREE_ADDRESSES_KORA = {
    "0x6ffffff8": "there is no device tree where r2 points",
    "0x70000000": "the device tree is out of the direct map's reach",
}

# Where the loaders (start_*.S) look for the address to pass on, and where the data lies.
_X86_64_POINTER = "0x2200000"

_X86_64_DATA = "0x2100000"

_ARM_POINTER = "0x4000f000"

_ARM_DATA = "0x48000000"

def hostile_tests(*, name):
    """One test for each case and each address; `<name>_<processor>_<case>_test`.

    Args:
      name: what the tests' names begin with.
    """
    for case, refusal in START_INFO_CASES.items() + [("sound", None)]:
        _x86_64_test("%s_x86_64_%s_test" % (name, case), {case + ".start_info": _X86_64_DATA}, _X86_64_DATA, refusal)
    for address, refusal in _START_INFO_ADDRESSES.items():
        _x86_64_test("%s_x86_64_at_%s_test" % (name, address), {}, address, refusal)
    for case, refusal in DEVICE_TREE_CASES.items() + [("sound", None)]:
        _arm_test("%s_arm_%s_test" % (name, case), {case + ".dtb": _ARM_DATA}, _ARM_DATA, refusal)
    for address, refusal in _DEVICE_TREE_ADDRESSES.items():
        _arm_test("%s_arm_at_%s_test" % (name, address), {}, address, refusal)
    for address, refusal in _DEVICE_TREE_ADDRESSES_KORA.items():
        _arm_test("%s_arm_kora_at_%s_test" % (name, address), {}, address, refusal, memory = "1G", image = "arm_kora")

def _x86_64_test(name, loads, address, refusal):
    qemu_boot_test(
        name = name,
        cpu = "max",
        image = "//kernel",
        loads = loads,
        machine = "q35",
        memory = "512M",
        platform = "//platforms:x86_64_osz",
        shim = ":start_x86_64",
        words = {_X86_64_POINTER: address},
        **_outcome(refusal)
    )

def _arm_test(name, loads, address, refusal, *, memory = "512M", image = "arm_sos"):
    qemu_boot_test(
        name = name,
        cpu = "cortex-a15",
        image = "//kernel",
        loads = loads,
        machine = "virt",
        memory = memory,
        platform = "//platforms:" + image,
        shim = ":start_arm",
        words = {_ARM_POINTER: address},
        **_outcome(refusal)
    )

def _outcome(refusal):
    if not refusal:
        return {"expect": ["LAYOUT OK"], "input": ["off"]}
    return {
        "exit": "failure",
        "expect": [regex("^BOOT REFUSED: .*" + refusal)],
        "forbid": ["PANIC:", "LAYOUT OK", "atlas>"],
    }
