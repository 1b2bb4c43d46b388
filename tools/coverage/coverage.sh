#!/bin/bash
# Line coverage by the tests of the host:
#   ./bazelw run //tools:coverage     of kernel/mm, which has to be 95 %
#   ./bazelw run //tools:coverage -- [--of=DIRECTORY] [--minimum=PERCENT] [--uncovered] [--last-run] [PATTERN...]
#
# --of         whose sources count; "." is everything of ours
# --minimum    below it the exit status is 1
# --uncovered  lists the lines that nothing ran
# --last-run   reads what a test run with --config=coverage left behind, and runs nothing
# PATTERN      the tests; without one, all that include anything of the memory manager
set -euo pipefail

profdata=$PWD/$1
cov=$PWD/$2
lines_program=$PWD/$3
shift 3

of=kernel/mm
minimum=95
uncovered=0
last_run=0
patterns=()
for argument in "$@"; do
  case $argument in
    --of=*) of=${argument#*=} ;;
    --minimum=*) minimum=${argument#*=} ;;
    --uncovered) uncovered=1 ;;
    --last-run) last_run=1 ;;
    -*)
      echo "coverage: unknown option $argument: tools/coverage/coverage.sh says which there are" >&2
      exit 2
      ;;
    *) patterns+=("$argument") ;;
  esac
done
if [[ ! $minimum =~ ^(100|[0-9]{1,2})$ ]]; then
  echo "coverage: --minimum=$minimum: must be a whole number of percent" >&2
  exit 2
fi
((${#patterns[@]})) || patterns=(//kernel/... //arch/... //layouts/...)

cd "$BUILD_WORKSPACE_DIRECTORY"
# Asked first: nothing may come between the tests and the reading of their profiles.
labels=$(./bazelw query --noshow_progress --ui_event_filters=-info "tests(${patterns[*]/%/ +} set())")
((last_run)) || ./bazelw test --config=coverage --build_tests_only "${patterns[@]}" >&2

# What is tested counts: not the tests, and not their support, which the layering test knows by name.
test_support=$(sed -n '/^bool IsTestSupport/,/^}/s/[^"]*"\([^"]*\)"[^"]*/\1|/gp' testing/layering/layer_rules.cc | tr -d '\n')
if [[ -z $test_support ]]; then
  echo "coverage: testing/layering/layer_rules.cc names no test support" >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# lines_of PROGRAM PROFILE...: what one test ran, as file:line:count.
lines_of() {
  local program=$1
  shift
  "$profdata" merge -sparse -o "$work/profile" "$@"
  "$cov" export -format=text -skip-functions -skip-expansions -instr-profile "$work/profile" "$program" \
    -ignore-filename-regex "^external/|_test\.cc$|(^|/)tests?/|^testing/|^(${test_support%|})$" |
    sed 's/{"branches":/\n&/g' | awk -f "$lines_program"
}

# Test by test: llvm-cov believes the first program of several, and in that one a function of a header may only have run
# while compiling.
while read -r label; do
  path=${label#//}
  path=${path/://}
  shopt -s nullglob
  profiles=("bazel-testlogs/$path/test.outputs"/*.profraw)
  shopt -u nullglob
  if ((${#profiles[@]})); then lines_of "bazel-bin/$path" "${profiles[@]}" >> "$work/lines"; fi
done <<< "$labels"
if [[ ! -s $work/lines ]]; then
  echo "coverage: no test of ${patterns[*]} is a C++ test of the host" >&2
  exit 1
fi

awk -F : -v of="${of%/}/" -v minimum="$minimum" -v uncovered="$uncovered" '
  of == "./" || index($1, of) == 1 {
    if (!(($1, $2) in ran)) {
      ran[$1, $2] = 0
      ++lines[$1]
      if ($2 + 0 > last[$1] + 0) last[$1] = $2
    }
    if ($3 > 0 && !ran[$1, $2]) {
      ran[$1, $2] = 1
      ++covered[$1]
    }
  }
  END {
    sort = "sort"
    if (uncovered) {
      for (file in lines) {
        for (number = 1; number <= last[file] + 0 && (getline text < file) > 0; ++number) {
          if ((file, number) in ran && !ran[file, number]) printf "%s:%04d: %s\n", file, number, text | sort
        }
        close(file)
      }
      close(sort)
    }
    sort = "sort -n"
    for (file in lines) {
      printf "%6.1f %% %6d of %6d  %s\n", 100 * covered[file] / lines[file], covered[file], lines[file], file | sort
      all += lines[file]
      run += covered[file]
    }
    close(sort)
    if (all == 0) {
      print "coverage: no test runs anything of " of > "/dev/stderr"
      exit 1
    }
    printf "%6.1f %% %6d of %6d  lines of %s\n", 100 * run / all, run, all, of
    if (100 * run < minimum * all) {
      print "coverage: at least " minimum " % are wanted" > "/dev/stderr"
      exit 1
    }
  }' "$work/lines"
