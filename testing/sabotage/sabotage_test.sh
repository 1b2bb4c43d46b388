#!/bin/bash
# Each wrong mapping that the saboteur makes has to stop the boot, with the region, the fault and the address named; and
# when it is made after the boot, both `verify` and layoutcheck have to name them.
#   sabotage_test.sh IMAGE MACHINE CPU MEMORY QEMU KERNEL ELF LAYOUTCHECK LAYOUT GOOD_KERNEL GOOD_ELF
# KERNEL has the saboteur, GOOD_KERNEL is the one that people run.
set -u
export LC_ALL=C
root=$PWD
source "$root/testing/boot/guest.sh" || exit 2
source "$root/tools/boot/machines.sh" || exit 2
source "$root/testing/layoutcheck/boot.sh" || exit 2
machine=("$1" "$2" "$3" "$4" "$root/$5")
kernel=$root/$6 elf=$root/$7 layoutcheck=$root/$8 layout=$root/$9 good_kernel=$root/${10} good_elf=$root/${11}
cd "$TEST_TMPDIR" || exit 2
trap 'guest_stop now' EXIT
rows=0 left_out=0

# Kind; where it has to be found, as a service of a region (`image`: the region with the kernel's code in it); what the
# kernel calls it; what layoutcheck does.
readonly kinds='
text-alias      | vmalloc|kernel heap | writable alias of code or constants   | writable alias of code
unused-page     | unused              | mapping in an unused region           | mapping in an unused region
outside-page    | none                | mapping outside every region          | mapping outside every region
user-page       | direct map          | user access                           | user access
stack-guard     | image|boot scratchpad | guard page mapped                     | no guard page
area-guard      | vmalloc|kernel heap | guard page mapped                     | no guard page
direct-map-code | direct map          | more access than the region allows    | more access than the region allows
not-global      | direct map          | wrong scope                           | wrong scope
ram-as-device   | direct map          | wrong caching                         | wrong caching
boundary        | image               | not the rights of the image'\''s section | not the rights of the image'\''s segment
doubled-page    | image               | not the rights of the image'\''s section | not the rights of the image'\''s segment
skipped-entries | direct map          | hole in the direct map                | hole in the direct map
table-too-many  | direct map          | direct map shows other memory         | direct map shows other memory
'

# The rows of the layout's last table: first and last byte, name, service.
firsts=() lasts=() names=() services=()
readonly row_pattern='"name": "([^"]*)", "first": "([^"]*)", "last": "([^"]*)".*"service": "([^"]*)"'
while read -r line; do
  if [[ $line == *'"layout":'* ]]; then firsts=() lasts=() names=() services=(); fi
  if [[ $line =~ $row_pattern ]]; then
    names+=("${BASH_REMATCH[1]}") firsts+=("${BASH_REMATCH[2]}") lasts+=("${BASH_REMATCH[3]}")
    services+=("${BASH_REMATCH[4]}")
  fi
done <"$layout"
((${#names[@]} > 0)) || die "no rows in $layout"
image_base=$(sed -n 's/.*"image_link_base": "\([^"]*\)".*/\1/p' "$layout" | tail -n 1)

# Sets region and service to those at the address. Addresses have as many digits, so that they compare as text.
find_region() {
  local row
  region=none service=none
  for row in "${!names[@]}"; do
    if [[ ! $1 < ${firsts[row]} && ! $1 > ${lasts[row]} ]]; then region=${names[row]} service=${services[row]}; fi
  done
}

# Whether the layout has a place for the mistake: most have one everywhere.
has_place() {
  local row
  case $1 in
    unused-page)
      for row in "${services[@]}"; do [[ $row != unused ]] || return 0; done
      return 1
      ;;
    outside-page)
      for ((row = 1; row < ${#names[@]}; ++row)); do
        # Not across the hole of the address space.
        (((firsts[row] ^ firsts[row - 1]) < 0 || lasts[row - 1] + 1 == firsts[row])) || return 0
      done
      return 1
      ;;
  esac
}

# heard_line PATTERN: a line that was heard matches the extended regular expression.
heard_line() {
  local one
  for one in "${heard[@]}"; do [[ ! $one =~ $1 ]] || return 0; done
  return 1
}

demand() { heard_line "$1" || die "$kind: no line '$1' in: $(printf '%s\n' "${heard[@]}")"; }

# The guest ends by itself; sets heard.
await_end() {
  heard=()
  while guest_next "$limit_seconds"; [[ $guest_event == line ]]; do heard+=("$guest_line"); done
  [[ $guest_event == end ]] || die "$kind: the guest goes on: $guest_event $guest_line"
  guest_stop
}

# Sets at, region and pattern by what the saboteur says of the place; it has to be where the table says.
find_place() {
  local wanted=$1 fault=$2
  demand "^sabotage $kind at 0x"
  at=''
  for line in "${heard[@]}"; do
    if [[ $line == "sabotage $kind at "* ]]; then at=${line##* }; fi
  done
  find_region "$image_base"
  local image_region=$region
  find_region "$at"
  if [[ $region == "$image_region" ]]; then service+='|image'; fi
  [[ "|$wanted|" == *"|${service%%|*}|"* || "|$wanted|" == *"|${service##*|}|"* ]] ||
    die "$kind: $at is in $region ($service), not in $wanted"
  pattern="^LAYOUT FAULT $region: $fault at $at$"
}

# Before the first comparison: the boot ends.
spoil_early() {
  start_guest "${machine[@]}" "$kernel" -append "sabotage $kind"
  await_end
  ((guest_status != 0)) || die "$kind: the boot ended well"
  find_place "$1" "$2"
  demand "$pattern"
  demand "^PANIC: the live page tables differ from the layout: $region: .* at 0x"
  ! heard_line '^LAYOUT OK ' || die "$kind: LAYOUT OK"
}

# After it: whoever looks again has to find it, from inside and from outside.
spoil_late() {
  local output status
  start_guest "${machine[@]}" "$kernel" -append "sabotage-late $kind" -gdb unix:path=gdb,server=on,wait=off
  await_prompt
  [[ -n $said ]] || die "$kind: the first comparison failed"
  find_place "$1" "$2"
  ! heard_line '^LAYOUT FAULT' || die "$kind: found before it was there"
  guest_type verify
  await_prompt
  demand "$pattern"
  output=$("$layoutcheck" --gdb=unix:gdb --layout="$layout" --image="$elf" 2>&1)
  status=$?
  mapfile -t heard <<<"$output"
  [[ $status == 1 ]] || die "$kind: layoutcheck ended with $status: $output"
  if [[ $region == none ]]; then demand 'outside every region: 1 fault'; else demand " $region +[0-9]+ faults?, "; fi
  demand "^    $at-0x[0-9a-f]+ $3"
  demand '^LAYOUT FAULT '
  guest_stop now
}

# The saboteur says so, too, and all is well.
leave_out() {
  start_guest "${machine[@]}" "$kernel" -append "sabotage $kind"
  await_prompt
  demand "^sabotage $kind has no place in this layout$"
  [[ -n $said ]] || die "$kind: no place, and not LAYOUT OK"
  guest_stop now
  echo "left out, as the layout has no place for it: $kind"
  ((++left_out))
}

all_kinds=''
while IFS='|' read -r kind rest; do
  [[ -n $rest ]] || continue
  kind=${kind%% *} all_kinds+=" ${kind%% *}"
  # The service may have a bar of its own.
  fault3=${rest##*| } rest=${rest%|*} fault2=${rest##*| } services_wanted=${rest%|*}
  read -r fault2 <<<"$fault2"
  read -r services_wanted <<<"$services_wanted"
  if has_place "$kind"; then
    spoil_early "$services_wanted" "$fault2"
    spoil_late "$services_wanted" "$fault2" "$fault3"
    ((++rows))
  else
    leave_out
  fi
done <<<"$kinds"

# The table is complete.
kind=unknown
start_guest "${machine[@]}" "$kernel" -append sabotage
await_prompt
guest_stop now
demand "^sabotage: no such kind; there are:$all_kinds$"

# The kernel that people run has nothing of this.
kind=good
start_guest "${machine[@]}" "$good_kernel" -append 'sabotage sabotage-late user-page'
await_prompt
guest_stop now
[[ -n $said ]] || die 'the good kernel is not well'
! heard_line sabotage || die 'the good kernel has a saboteur'
grep -q sabotage "$elf" || die 'the word is not even in the sabotaged kernel'
! grep -qi sabot "$good_elf" || die 'the good kernel has words of the saboteur'

echo "$rows kinds of wrong mappings found, $left_out left out"
((rows > 0))
