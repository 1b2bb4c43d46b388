#!/bin/bash
# Line coverage of first-party code by some tests:
#   ./bazelw run //tools:coverage -- [--minimum=PERCENT] [--show] PATTERN...
# --show prints each line with its count. Below the minimum the exit status is 1.
set -euo pipefail

profdata=$PWD/$1
cov=$PWD/$2
shift 2

minimum=0
show=0
patterns=()
for argument in "$@"; do
  case $argument in
    --minimum=*) minimum=${argument#*=} ;;
    --show) show=1 ;;
    -*)
      echo "coverage: unknown option $argument: use [--minimum=PERCENT] [--show] PATTERN..." >&2
      exit 2
      ;;
    *) patterns+=("$argument") ;;
  esac
done
if [[ ! $minimum =~ ^(100|[0-9]{1,2})$ ]]; then
  echo "coverage: --minimum=$minimum: must be a whole number of percent" >&2
  exit 2
fi
((${#patterns[@]})) || patterns=(//...)

cd "$BUILD_WORKSPACE_DIRECTORY"
# Asked first: nothing may come between the tests and the reading of their profiles.
labels=$(./bazelw query --noshow_progress --ui_event_filters=-info "tests(${patterns[*]/%/ +} set())")
./bazelw test --config=coverage --build_tests_only "${patterns[@]}" >&2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
objects=()
profiles=()
while read -r label; do
  path=${label#//}
  path=${path/://}
  shopt -s nullglob
  found=("bazel-testlogs/$path/test.outputs"/*.profraw)
  shopt -u nullglob
  if ((${#found[@]})); then
    profiles+=("${found[@]}")
    objects+=(-object "bazel-bin/$path")
  fi
done <<< "$labels"
if ((${#profiles[@]} == 0)); then
  echo "coverage: no test of ${patterns[*]} is a C++ test of the host" >&2
  exit 1
fi

"$profdata" merge -sparse -o "$work/profile" "${profiles[@]}"
# What is tested counts, not the tests and not what others wrote.
options=(
  -instr-profile "$work/profile" "${objects[@]}"
  -ignore-filename-regex '^external/|_test\.cc$|(^|/)tests?/|^testing/'
)
report=$("$cov" report -show-region-summary=false -show-branch-summary=false "${options[@]}")
if ((show)); then
  "$cov" show "${options[@]}"
else
  echo "$report"
fi
total=$(sed -n 's/^TOTAL.* \([0-9]*\)\.[0-9]*%$/\1/p' <<< "$report")
if ((total < minimum)); then
  echo "coverage: $total % of the lines, at least $minimum % are wanted" >&2
  exit 1
fi
