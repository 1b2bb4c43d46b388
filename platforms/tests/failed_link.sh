#!/bin/bash
# Judges what the linker said: failed_link.sh DIAGNOSTICS EXPECTED
# EXPECTED is in its only error, or the image would be refused for another reason as well. Nothing: it links.
set -u

diagnostics=$1 expected=$2

fail() {
  printf 'FAILED: %s; the linker said:\n' "$1"
  cat "$diagnostics"
  exit 1
}

mapfile -t errors < <(grep -F 'ld.lld: error: ' "$diagnostics")
if [[ -z $expected ]]; then
  grep -qxF 'exit status 0' "$diagnostics" || fail 'it does not link'
  exit 0
fi
grep -qxF 'exit status 1' "$diagnostics" || fail 'it links'
((${#errors[@]} == 1)) || fail "there are ${#errors[@]} errors"
[[ ${errors[0]} == *"$expected"* ]] || fail "the error lacks '$expected'"
