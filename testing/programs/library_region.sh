#!/bin/bash
# Where a layout's last table has libraries, as a command line for the test of them:
#   library_region.sh LAYOUT.json
set -eu

readonly row='"first": "0x([^"]*)", "last": "0x([^"]*)", .*"service": "libraries"'
words=''
while IFS= read -r line; do
  if [[ $line =~ $row ]]; then words="libraries=${BASH_REMATCH[1]}-${BASH_REMATCH[2]}"; fi
done <"$1"
[[ -n $words ]] || { echo "$1: no row of libraries" >&2; exit 1; }
echo "run=\"/test/dynamic $words\""
