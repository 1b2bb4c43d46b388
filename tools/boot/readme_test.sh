#!/bin/bash
# What README shows of a boot to the monitor is what it prints: readme_test.sh README BOOT GUEST.
set -u
export LC_ALL=C
readme=$1 boot=$2
# shellcheck source=testing/boot/guest.sh
source "$3" || exit 2
readonly limit_seconds=40
trap 'guest_stop now' EXIT

die() {
  echo "FAILED $1"
  exit 1
}

# Every change of the kernel moves the end of its image, and has other numbers of pages and cycles.
without_amounts() {
  sed -E -e 's/0x.*B (usable|kernel image)$/\1/' -e 's/^(usable:) .*/\1/' -e 's/, [0-9]+ pages in [0-9]+ mappings$//' \
    -e 's/ mappings=[0-9]+//' -e 's/^boot: [0-9]+/boot:/'
}

# From the banner to the prompt, which ends no line.
mapfile -t wanted < <(sed -n '/^Atlas .* (PVH/,/^```$/p' "$readme" | grep -vE '^(```|atlas>)$' | without_amounts)
((${#wanted[@]} > 30)) || die "$readme shows no boot"

guest_start "$TEST_TMPDIR" "$boot" --monitor
: >"$TEST_TMPDIR/printed"
typed=(help off)
while guest_next "$limit_seconds"; do
  case $guest_event in
    line) printf '%s\n' "$guest_line" >>"$TEST_TMPDIR/printed" ;;
    prompt) guest_type "${typed[0]}"; typed=("${typed[@]:1}") ;;
    end) break ;;
    *) die "the guest does not end; its last line: $guest_line" ;;
  esac
done
mapfile -t printed < <(without_amounts <"$TEST_TMPDIR/printed")

# Three dots stand for any number of lines.
at=0 may_skip=yes
for line in "${wanted[@]}"; do
  if [[ ${line##* } == ... ]]; then may_skip=yes; continue; fi
  if [[ $may_skip == yes ]]; then
    while ((at < ${#printed[@]})) && [[ ${printed[at]} != "$line" ]]; do ((++at)); done
  fi
  [[ ${printed[at]-} == "$line" ]] || die "README has '$line' where a boot prints '${printed[at]-nothing more}'"
  ((++at))
  may_skip=no
done
echo "PASSED: a boot prints all ${#wanted[@]} lines"
