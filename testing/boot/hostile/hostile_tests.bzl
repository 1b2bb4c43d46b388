"""Firmware that lies: what each case gives the kernel and the sentence it must refuse with.

The data of a case comes from make_start_info.cc and make_device_tree.cc, by its name.
"""

load("//testing/boot:qemu_boot_test.bzl", "qemu_boot_test", "regex")

# An outcome: the image is not refused, and runs at `place`.
def _runs_at(place):
    return struct(place = place)

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

# The same where it is shorter still and the tree is read at its physical address, in the first 256 MiB of RAM.
_DEVICE_TREE_ADDRESSES_APCPU = {
    "0x4ffffff8": "there is no device tree where r2 points",
    "0x50000000": "the device tree is out of the direct map's reach",
}

_BESIDE_ITS_PLACE = "the image may not lie .* below the place in its MiB where it is linked, or less than 4 KiB above it"

# Address at which the image is started: refusal, or where it runs. It moves down to its place in the MiB.
_LOADS_SOS = {
    "0x40008000": _BESIDE_ITS_PLACE,
    "0x40010ffc": _BESIDE_ITS_PLACE,
    "0x40011000": _runs_at("0x40010000"),
    "0x40080000": _runs_at("0x40010000"),
    "0x40210000": _runs_at("0x40210000"),
    "0x80010000": "the image may not lie at addresses that the kernel has for itself",
}

_LOADS_APCPU = {
    "0x40200000": _runs_at("0x40200000"),
    "0x40200ffc": _BESIDE_ITS_PLACE,
    "0x402ff000": _runs_at("0x40200000"),
}

# Where the loaders (start_*.S) look for the address to pass on, and where the data lies.
_X86_64_POINTER = "0x2200000"

_X86_64_DATA = "0x2100000"

_ARM_POINTER = "0x40002000"

_ARM_KERNEL_POINTER = "0x40002004"

# Where QEMU loads a raw image.
_ARM_KERNEL = "0x40010000"

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
    for address, refusal in _DEVICE_TREE_ADDRESSES_APCPU.items():
        _arm_test("%s_arm_apcpu_at_%s_test" % (name, address), {}, address, refusal, image = "arm_apcpu")
    for image, loads in {"arm_sos": _LOADS_SOS, "arm_apcpu": _LOADS_APCPU}.items():
        for address, outcome in loads.items():
            _arm_load_test("%s_%s_loaded_at_%s_test" % (name, image, address), image, address, outcome)

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

# A sound tree and an image elsewhere.
def _arm_load_test(name, image, address, outcome):
    place = None if type(outcome) == "string" else outcome.place
    refusal = None if place else outcome
    _arm_test(name, {"sound.dtb": _ARM_DATA}, _ARM_DATA, refusal, memory = "2G", image = image, at = address, place = place)

def _arm_test(name, loads, address, refusal, *, memory = "512M", image = "arm_sos", at = _ARM_KERNEL, place = None):
    qemu_boot_test(
        name = name,
        cpu = "cortex-a15",
        image = "//kernel",
        load_address = at,
        loads = loads,
        machine = "virt",
        memory = memory,
        platform = "//platforms:" + image,
        shim = ":start_arm",
        words = {_ARM_POINTER: address, _ARM_KERNEL_POINTER: at},
        **_outcome(refusal, place)
    )

def _outcome(refusal, place = None):
    if not refusal:
        image = [regex("^  0x0*%s-0x[0-9a-f]+ .* kernel image$" % place.removeprefix("0x"))] if place else []
        return {"expect": image + ["LAYOUT OK"], "input": ["off"]}
    return {
        "exit": "failure",
        "expect": [regex("^BOOT REFUSED: .*" + refusal)],
        "forbid": ["PANIC:", "LAYOUT OK", "atlas>"],
    }
