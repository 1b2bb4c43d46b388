#!/bin/bash
# Boots an image as it is and looks at it from outside: layoutcheck must say word for word what the kernel says of
# itself, and the guest must run on as if nothing had been.
#   good_test.sh IMAGE MACHINE CPU MEMORY QEMU KERNEL ELF LAYOUTCHECK LAYOUT
set -u
export LC_ALL=C
root=$PWD
source "$root/testing/boot/guest.sh" || exit 2
source "$root/tools/boot/machines.sh" || exit 2
source "$root/testing/layoutcheck/boot.sh" || exit 2
boot=("$1" "$2" "$3" "$4" "$root/$5" "$root/$6")
elf=$root/$7 layoutcheck=$root/$8 layout=$root/$9
cd "$TEST_TMPDIR" || exit 2
# Where a stub is that the monitor opens.
export TMPDIR=.
trap 'guest_stop now' EXIT

# What layoutcheck prints when asked in this way.
ask() {
  output=$("$layoutcheck" "$@" 2>&1) || die "layoutcheck $* ended with $?: $output"
}

check() {
  local rows
  ask "$1" --layout="$layout" --image="$elf"
  [[ ${output##*$'\n'} == "$said" ]] || die "the kernel says '$said', and layoutcheck $1: $output"
  rows=$(grep -c '^  0x.* ok, [0-9]* pages in [0-9]* mappings$' <<<"$output")
  [[ $said == *" regions=$rows "* ]] || die "$rows regions are ok: $output"
}

# The guest answers its prompt, and ends well.
end_guest() {
  guest_type off
  while guest_next "$limit_seconds"; [[ $guest_event == line ]]; do :; done
  [[ $guest_event == end ]] || die "the guest did not go on: $guest_event"
  guest_stop
  [[ $guest_status == 0 ]] || die "the guest ended with $guest_status"
}

boot_guest "${boot[@]}" -gdb unix:path=gdb,server=on,wait=off -qmp unix:path=qmp,server=on,wait=off
check --gdb=unix:gdb
ask --gdb=unix:gdb --layout="$layout" --json
[[ $output == *'"verdict": "ok"'* && $output == *'"faults": []'* ]] || die "--json: $output"
ask --gdb=unix:gdb --list
[[ $output =~ ' user '(---|r-x)' kernel r-x ' ]] || die "--list: $output"
# A guest has one stub, which the monitor must not take away.
output=$("$layoutcheck" --monitor=unix:qmp --layout="$layout" 2>&1)
[[ $? == 2 && $output == *'Could not open gdbserver'* ]] || die "a second stub: $output"
check --gdb=unix:gdb
end_guest

boot_guest "${boot[@]}" -qmp unix:path=qmp,server=on,wait=off -chardev socket,path=hmp,server=on,wait=off,id=hmp \
  -mon chardev=hmp,mode=readline
check --monitor=unix:qmp
check --monitor=unix:hmp
check --monitor=unix:qmp
end_guest

boot_guest "${boot[@]}" -qmp unix:path=qmp,server=on,wait=off
ask --monitor=unix:qmp --layout="$layout" --leave-stopped
check --monitor=unix:qmp
guest_type off
# One that runs has a second to answer, however long it took until here.
guest_elapsed
guest_next $((guest_microseconds / 1000000 + 2))
[[ $guest_event == limit ]] || die "a guest that was to stay stopped runs: $guest_event $guest_line"
echo "PASSED: $said"
