#!/bin/bash
# Runs a program of a sanitizer build so that its reports name functions, files and lines: for
# --run_under.
set -u

find_symbolizer() {
  local root
  for root in "${RUNFILES_DIR:-}" "${TEST_SRCDIR:-}" "$0.runfiles"; do
    local program=$root/llvm_tools/bin/llvm-symbolizer
    if [[ -n $root && -x $program ]]; then
      (cd "${program%/*}" && printf '%s/llvm-symbolizer' "$PWD")
      return
    fi
  done
  echo "symbolized.sh: llvm-symbolizer is not among the runfiles" >&2
  exit 1
}

symbolizer=$(find_symbolizer) || exit 1
export ASAN_OPTIONS="external_symbolizer_path=$symbolizer:${ASAN_OPTIONS:-}"
export LSAN_OPTIONS="external_symbolizer_path=$symbolizer:${LSAN_OPTIONS:-}"
export TSAN_OPTIONS="external_symbolizer_path=$symbolizer:${TSAN_OPTIONS:-}"
export UBSAN_OPTIONS="external_symbolizer_path=$symbolizer:print_stacktrace=1:${UBSAN_OPTIONS:-}"
# Where //tools:coverage looks for profiles, should the program be built for that too.
[[ -z ${TEST_UNDECLARED_OUTPUTS_DIR:-} ]] || export LLVM_PROFILE_FILE=$TEST_UNDECLARED_OUTPUTS_DIR/%p.profraw
exec "$@"
