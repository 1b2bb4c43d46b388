#!/bin/bash
# Unpacks a root file system for x86_64 and runs its tests on the Linux that builds it.
#   host_test.sh INITRD BUSYBOX APPLET...
# APPLETs are the names that are links to busybox there.
set -u
export LC_ALL=C
initrd=$PWD/$1 busybox=$PWD/$2
shift 2
root=$TEST_TMPDIR/root
failures=0

fail() {
  printf 'FAILED %s\n' "$*"
  failures=$((failures + 1))
}

mkdir "$root" && cd "$root" || exit 2
# Not the devices, which take root's rights.
"$busybox" cpio -i -d 'bin/*' 'test/*' 'lib/*' 'debian/*' <"$initrd" || fail "is no archive: $initrd"

# The list in the build is a copy of what the program knows.
diff <("$busybox" --list | sort) <(printf '%s\n' "$@" | sort) || fail 'busybox has other programs than its links'

export PATH=$root/bin
for test in debian lua mimalloc shell sqlite; do sh "$root/test/$test" || fail "$test"; done
"$root/test/compress" || fail compress
"$root/lib/ld-musl-x86_64.so.1" --library-path "$root/lib" "$root/test/dynamic" || fail dynamic

((failures == 0)) && echo PASSED
