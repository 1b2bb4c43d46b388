#!/bin/bash
# usage: program_test.sh READELF MACHINE PROGRAM [EXPECTED_OUTPUT]
# PROGRAM must be a position-independent ELF file for MACHINE that asks for no dynamic loader; with
# EXPECTED_OUTPUT it is run as well.
set -u

readelf=$1
machine=$2
program=$3

fail() {
  echo "$program: $*"
  "$readelf" --file-header --program-headers "$program"
  exit 1
}

header=$("$readelf" --file-header --program-headers "$program") || fail "is no ELF file"
[[ $header =~ Type:\ +DYN ]] || fail "is not position independent"
[[ $header =~ Machine:.*\ $machine ]] || fail "is not for $machine"
[[ $header != *INTERP* ]] || fail "asks for a dynamic loader"

if (($# > 3)); then
  output=$("$program") || fail "ended with $?"
  [[ $output == "$4" ]] || fail "printed '$output' instead of '$4'"
fi
