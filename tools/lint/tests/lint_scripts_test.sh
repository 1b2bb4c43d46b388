#!/bin/bash
# usage: lint_scripts_test.sh DIRECTORY_OF_SCRIPTS CLANG_FORMAT
# The linters notice what they are there for.
set -u

scripts=$1
clang_format=$2
failed=0
tree=$TEST_TMPDIR/tree
mkdir -p "$tree/kernel/tests"
echo 'BasedOnStyle: Google' > "$tree/.clang-format"

expect() {  # STATUS OUTPUT_PATTERN COMMAND...
  local status=$1 pattern=$2 output
  shift 2
  output=$("$@" 2>&1)
  local got=$?
  rm -f "$TEST_TMPDIR/findings"
  if ((got != status)) || ! grep -q -- "$pattern" <<< "$output"; then
    printf '%s\n' "$* ended with $got instead of $status, or did not print '$pattern' but:" "$output"
    failed=1
  fi
}

format() { "$scripts/clang_format_test.sh" "$clang_format" "$tree"; }
expect 1 'no file below' format
echo 'int one() { return 1; }' > "$tree/kernel/one.cc"
expect 0 '^$' format
echo 'int  two( ) {return 2;}' > "$tree/kernel/two.h"
expect 1 '^kernel/two.h is not formatted$' format

printf '# why\nkernel/exempt_*.cc\n' > "$TEST_TMPDIR/exempt"
tidy() { "$scripts/clang_tidy_test.sh" "$tree" "$TEST_TMPDIR/exempt" "$@"; }
touch "$tree/kernel/exempt_one.cc" "$tree/kernel/one_test.cc" "$tree/kernel/tests/bad.cc"
expect 1 '^kernel/one.cc: no target' tidy
echo kernel/one.cc > "$TEST_TMPDIR/all.sources"
: > "$TEST_TMPDIR/one.clang-tidy"
expect 0 '^$' tidy "$TEST_TMPDIR/all.sources" "$TEST_TMPDIR/one.clang-tidy"
echo 'kernel/one.cc:1:1: error: a finding' > "$TEST_TMPDIR/two.clang-tidy"
expect 1 '^kernel/one.cc:1:1: error: a finding$' tidy "$TEST_TMPDIR/all.sources" \
  "$TEST_TMPDIR/one.clang-tidy" "$TEST_TMPDIR/two.clang-tidy"

printf '#!/bin/sh\necho "$3" >&2\nexit 1\n' > "$TEST_TMPDIR/broken"
chmod +x "$TEST_TMPDIR/broken"
"$scripts/run_clang_tidy.sh" "$TEST_TMPDIR/broken" "$TEST_TMPDIR/report" one.cc configuration
expect 0 '^one.cc: clang-tidy failed$' cat "$TEST_TMPDIR/report"
exit "$failed"
