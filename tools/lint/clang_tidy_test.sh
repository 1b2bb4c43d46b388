#!/bin/bash
# usage: clang_tidy_test.sh DIRECTORY EXEMPT FILE...
# Of the FILEs, reports (*.clang-tidy) must be empty, and lists of sources (*.sources) together name
# every C++ source below DIRECTORY but tests and those that match a pattern in EXEMPT.
set -u

directory=$1
exempt=$2
shift 2

failed=0
declare -A linted
mapfile -t patterns < <(grep -v -e '^#' -e '^$' "$exempt")

is_exempt() {  # SOURCE
  local pattern
  for pattern in "${patterns[@]}"; do
    # shellcheck disable=SC2053  # a pattern is meant
    [[ $1 == $pattern ]] && return 0
  done
  return 1
}

for file in "$@"; do
  case $file in
    *.sources) while read -r source; do linted[$source]=1; done < "$file" ;;
    *)
      if [[ -s $file ]]; then
        cat "$file" >> "$TEST_TMPDIR/findings"
        failed=1
      fi
      ;;
  esac
done
# A finding in a header is in the report of each source that includes it.
[[ ! -e $TEST_TMPDIR/findings ]] || awk '!seen[$0]++' "$TEST_TMPDIR/findings"
while read -r path; do
  source=${path#"$directory"/}
  if [[ -z ${linted[$source]:-} ]] && ! is_exempt "$source"; then
    echo "$source: no target in tools/lint/BUILD.bazel uses it; add one, or exempt it in exempt.txt"
    failed=1
  fi
done < <(find -L "$directory" -type f \( -name '*.cc' -o -name '*.c' \) \
  ! -name '*_test.cc' ! -path '*/tests/*' | sort)
exit "$failed"
