"""Reads which shared libraries an ELF object asks for."""

import struct

_PT_LOAD = 1
_PT_DYNAMIC = 2
_DT_NEEDED = 1
_DT_STRTAB = 5
_EM_X86_64 = 62


def needed(data: bytes) -> list[str]:
    """The DT_NEEDED names of a 64-bit x86_64 object; none for anything else (scripts, other machines)."""
    if data[:6] != b"\x7fELF\x02\x01" or len(data) < 64:
        return []
    machine, = struct.unpack_from("<H", data, 18)
    if machine != _EM_X86_64:
        return []
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    segments = [struct.unpack_from("<IIQQQQ", data, offset + i * size) for i in range(count)]

    def file_offset(address: int) -> int:
        for kind, _, start, base, _, length in segments:
            if kind == _PT_LOAD and base <= address < base + length:
                return start + (address - base)
        raise ValueError(f"address {address:#x} is in no segment")

    def text(position: int) -> str:
        return data[position : data.index(b"\0", position)].decode()

    for kind, _, start, _, _, length in segments:
        if kind == _PT_DYNAMIC:
            entries = list(struct.iter_unpack("<QQ", data[start : start + length]))
            strings = [value for tag, value in entries if tag == _DT_STRTAB]
            return [text(file_offset(strings[0]) + value) for tag, value in entries if tag == _DT_NEEDED]
    return []
