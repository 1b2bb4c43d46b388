#!/bin/bash
# Whose malloc programs have: program_heaps.sh LLVM_NM REPORT PROGRAM... A line of the report for each; it fails when one
# has another than //userspace/libatlas'. Shared objects ask for their program's.
set -euo pipefail

nm=$1 report=$2
shift 2

readonly defined_malloc=' [TtWw] malloc$'
readonly our_heap=' [BbDd] _ZN8libatlas12program_heap4heapE$'
readonly asked_for=' U malloc$'
# What musl's own malloc has (src/malloc/mallocng/glue.h).
readonly musls_heap=' [BbDd] __malloc_context$'

has() { grep -q -- "$1" <<<"$symbols"; }

status=0
: >"$report"
for program in "$@"; do
  symbols=$("$nm" "$program")
  if has "$our_heap" && ! has "$musls_heap"; then
    heap=libatlas
  elif [[ $program == *.so ]] && ! has "$defined_malloc"; then
    heap="its program's"
  elif has "$defined_malloc" || has "$asked_for" || has "$musls_heap"; then
    echo "$program has another heap than libatlas': it needs malloc = \"//userspace/libatlas:malloc\"" >&2
    status=1
    continue
  else
    heap=none
  fi
  printf '%s: %s\n' "$program" "$heap" >>"$report"
done
exit "$status"
