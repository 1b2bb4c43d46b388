#!/bin/bash
# A few rows of the benchmark of whole kernels on Linux, and what the runner refuses: guest_test.sh GUEST.
set -u
readonly guest=$PWD/$1
export RUNFILES_DIR=${RUNFILES_DIR:-$TEST_SRCDIR}

die() {
  printf 'FAILED %s\n%s\n' "$1" "$output"
  exit 1
}

# refused TEXT OPTION...: that the runner ends with 2 and says TEXT.
refused() {
  local text=$1
  shift
  output=$("$guest" "$@" 2>&1)
  (($? == 2)) && [[ $output == *"$text"* ]] || die "'$*' is not refused with '$text'"
}

refused "no image 'vax'" --image=vax
refused "no option '--fast'" --fast
refused "no row contains 'tea'" --filter=tea
refused 'no part of a row' '--filter=a b'
output=$("$guest" --help) || die 'no help'
[[ $output == *pipe_round_trip* ]] || die 'the help lists no rows'

for image in x86_64_osz arm_sos; do
  output=$("$guest" --linux-only --image="$image" --filter=null_call --filter=map_unmap_1_page --filter=shared_second \
    --json="$TEST_TMPDIR/json" 2>&1) || die "it ends with $?"
  # An order of magnitude: the exact figures are the kernel's own affair.
  for row in null_call:3 map_unmap_1_page:5 shared_second_touch:4; do
    grep -qE "\"row\": \"${row%:*}\", \"linux\": [0-9]{${row#*:}}, \"atlas\": null" "$TEST_TMPDIR/json" ||
      die "no figure of ${row#*:} digits for $row: $(<"$TEST_TMPDIR/json")"
  done
  (($(grep -c '"row"' "$TEST_TMPDIR/json") == 3)) || die 'other rows than those that were asked for'
  echo "$output"
done
echo PASSED
