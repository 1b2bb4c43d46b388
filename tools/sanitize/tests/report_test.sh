#!/bin/bash
# usage: report_test.sh SYMBOLIZED PROGRAM LINE...
# The program must fail, and its report must hold each LINE.
set -u

symbolized=$1
program=$2
shift 2

report=$TEST_TMPDIR/report
# Only libFuzzer reads these.
options=(-runs=300000 -seed=1 "-artifact_prefix=$TEST_TMPDIR/")
if "$symbolized" "$program" "${options[@]}" > "$report" 2>&1; then
  echo "$program: ended well, its bug was not noticed"
  exit 1
fi
missing=0
for line in "$@"; do
  if ! grep -qF -- "$line" "$report"; then
    echo "not in the report: $line"
    missing=1
  fi
done
((missing == 0)) || cat "$report"
exit "$missing"
