#!/bin/bash
# Boots Linux as Debian builds it and compares its page tables with the memory map that its documentation publishes.
#   linux_test.sh early|late CPU CONSOLE QEMU KERNEL LAYOUTCHECK LAYOUT INITRD KNOWN...
# late: with an /init that ends, so that Linux has protected its memory and stops. KNOWN are the faults that it has then,
#       each a POSIX extended regular expression: whatever else is found fails the test.
# early: without any file system, so that Linux stops before it protects its memory. KNOWN are faults it must have.
set -u
export LC_ALL=C
root=$PWD
source "$root/testing/boot/guest.sh" || exit 2
when=$1 cpu=$2 console=$3 qemu=$root/$4 kernel=$root/$5 layoutcheck=$root/$6 layout=$root/$7 initrd=$root/$8
shift 8
cd "$TEST_TMPDIR" || exit 2
trap 'guest_stop now' EXIT
# Booting takes some 5 s; the machine may have others to do at the same time.
readonly limit_seconds=200

die() {
  printf 'FAILED %s\n' "$1"
  exit 1
}

case $when in
  early) end='Unable to mount root fs' options=() ;;
  late) end='Attempted to kill init' options=(-initrd "$initrd") ;;
  *) die "no time '$when'" ;;
esac
case $cpu in
  cortex-*) machine=virt ;;
  *) machine=q35 ;;
esac

guest_start . "$qemu" -accel tcg -machine "$machine" -cpu "$cpu" -m 512M -nodefaults -display none -nic none \
  -serial stdio -gdb unix:path=gdb,server=on,wait=off -kernel "$kernel" \
  -append "console=$console nokaslr panic=0" "${options[@]}" || die 'QEMU does not start'
last=''
while guest_next "$limit_seconds"; do
  [[ $guest_event == line ]] || die "Linux did not get so far; its last line: $last"
  last=$guest_line
  [[ $guest_line != *'end Kernel panic'* ]] || break
done
[[ $last == *"$end"* ]] || die "Linux stopped elsewhere: $last"

output=$("$layoutcheck" --gdb=unix:gdb --layout="$layout" 2>&1)
status=$?
echo "$output"
((status <= 1)) || die "it ends with $status"
mapfile -t found < <(grep '^    0x' <<<"$output")

if [[ $when == early ]]; then
  ((status == 1)) || die 'it finds nothing'
  for known; do
    grep -qE "$known" <<<"$output" || die "it does not find '$known'"
  done
else
  for line in "${found[@]}"; do
    for known; do
      if [[ $line =~ $known ]]; then continue 2; fi
    done
    die "not known of Linux: $line"
  done
fi
echo PASSED
