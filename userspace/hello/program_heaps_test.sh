#!/bin/bash
# usage: program_heaps_test.sh CHECK LLVM_NM OUR_PROGRAM MUSLS_PROGRAM PROGRAM_THAT_NEEDS_NO_HEAP
set -u

check=$1 nm=$2 ours=$3 musls=$4 without=$5
report=$TEST_TMPDIR/report

fail() {
  echo "$*"
  exit 1
}

"$check" "$nm" "$report" "$ours" "$without" || fail "they are refused"
[[ $(<"$report") == "$ours: libatlas"$'\n'"$without: none" ]] || fail "the report is '$(<"$report")'"
message=$("$check" "$nm" "$report" "$ours" "$musls" 2>&1) && fail "$musls is taken"
[[ $message == "$musls has another heap "* ]] || fail "of $musls it says '$message'"
