#!/bin/bash
# usage: clang_format_test.sh CLANG_FORMAT DIRECTORY
# Every C++ file below DIRECTORY must be as clang-format would write it.
set -u

clang_format=$1
directory=$2

mapfile -t files < <(find -L "$directory" -type f -name '*.*' ! -name '.*')
if ((${#files[@]} == 0)); then
  echo "no file below $directory"
  exit 1
fi
if ! "$clang_format" --dry-run --Werror "${files[@]}" 2> "$TEST_TMPDIR/report"; then
  sed -n "s,^$directory/\([^:]*\):.*\[-Wclang-format-violations\]\$,\1 is not formatted,p" \
    "$TEST_TMPDIR/report" | sort -u
  echo "To format all files: ./bazelw run //tools:format"
  exit 1
fi
