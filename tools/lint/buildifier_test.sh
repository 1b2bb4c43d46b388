#!/bin/bash
# usage: buildifier_test.sh BUILDIFIER DIRECTORY
# Every Starlark file below DIRECTORY must be as buildifier would write it.
set -u

buildifier=$1
directory=$2

mapfile -t files < <(find -L "$directory" -type f)
if ((${#files[@]} == 0)); then
  echo "no file below $directory"
  exit 1
fi
if ! "$buildifier" -mode=check "${files[@]}" > "$TEST_TMPDIR/report" 2>&1; then
  # //tools/lint:source_tree.bzl has the BUILD files under another name.
  sed "s,^$directory/,,; s,package\.BUILD,BUILD.bazel," "$TEST_TMPDIR/report"
  echo "To format all files: ./bazelw run //tools:format"
  exit 1
fi
