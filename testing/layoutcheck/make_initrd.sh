#!/bin/bash
# Writes an initial file system for Linux with one program, /init: make_initrd.sh PROGRAM OUT.
# The format is "newc" of Documentation/driver-api/early-userspace/buffer-format.rst: for each file a header of fields of
# 8 hexadecimal digits, its name, its content, each padded to 4 bytes.
set -eu
export LC_ALL=C

# entry NAME MODE BYTES: a header and a name.
entry() {
  local name_bytes=$((${#1} + 1))
  # Magic; inode, mode, uid, gid, links, time, size, device major and minor, own major and minor, name size, checksum.
  printf '070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x' 1 "$2" 0 0 1 0 "$3" 0 0 0 0 "$name_bytes" 0
  printf '%s\0' "$1"
  pad $((110 + name_bytes))
}

pad() { head -c $(((4 - $1 % 4) % 4)) /dev/zero; }

bytes=$(wc -c <"$1")
{
  entry init $((0100755)) "$bytes"
  cat "$1"
  pad "$bytes"
  entry 'TRAILER!!!' 0 0
} >"$2"
