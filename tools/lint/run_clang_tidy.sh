#!/bin/sh
# usage: run_clang_tidy.sh CLANG_TIDY REPORT SOURCE CONFIGURATION FLAG...
# Writes what clang-tidy finds in SOURCE, compiled with FLAGs, to REPORT; an empty report means that
# all is well.
clang_tidy=$1
report=$2
source=$3
configuration=$4
shift 4

if "$clang_tidy" --quiet "--config-file=$configuration" "$source" -- "$@" \
    > "$report" 2> "$report.errors"; then
  : > "$report"
elif ! grep -q '\(warning\|error\): ' "$report"; then
  # It did not get as far as a finding.
  cat "$report.errors" >> "$report"
  echo "$source: clang-tidy failed" >> "$report"
fi
# Paths from the root of the repository, in whatever directory this ran.
sed "s,$PWD/,,g; s,^\./,," "$report" > "$report.errors"
mv "$report.errors" "$report"
