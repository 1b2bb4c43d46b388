#!/bin/bash
# Every contender of the benchmark does its job right, and the program says what is wrong with a command line.
set -u

readonly host=$TEST_SRCDIR/atlas/testing/bench/host
failures=0

# expect STATUS OPTIONS...: the program ends with that status.
expect() {
  local wanted=$1 status
  shift
  "$host" "$@" >"$TEST_TMPDIR/output" 2>&1
  status=$?
  if ((status != wanted)); then
    echo "host $*: status $status, not $wanted; it says:"
    cat "$TEST_TMPDIR/output"
    failures=$((failures + 1))
  fi
}

expect 0 --verify
expect 0 --list
expect 0 --help
expect 2 --no-such-option
expect 2 --filter=no-such-workload
exit $((failures > 0))
