#!/bin/bash
# usage: image_test.sh READELF OBJDUMP IMAGE MACHINE TEXT_ADDRESS WANTED UNWANTED
# IMAGE must be linked for MACHINE with its text at TEXT_ADDRESS and hold its own symbols. The code
# of Start must have a line that matches the extended regular expression WANTED, and no code one
# that matches UNWANTED.
set -u

readelf=$1
objdump=$2
image=$3
machine=$4
text_address=$5
wanted=$6
unwanted=$7
failed=0

expect() {  # WHAT EXPRESSION TEXT
  if ! grep -qE -- "$2" <<< "$3"; then
    echo "$image: $1: no line matches '$2' in:"
    echo "$3"
    failed=1
  fi
}

headers=$("$readelf" --file-header --sections --wide "$image")
expect "machine" "Machine: .*$machine" "$headers"
expect "kind of file" "Type: +EXEC" "$headers"
expect "address" " \.text +PROGBITS +$text_address " "$headers"

names=$("$readelf" --string-dump=.rodata "$image")
for name in Start kernel::LinkedSymbols; do
  expect "symbol table" "(^|[^a-zA-Z])$name\$" "$names"
done

expect "Start" "$wanted" "$("$objdump" --disassemble-symbols=Start "$image")"
if "$objdump" --disassemble --no-show-raw-insn "$image" | grep -E -- "$unwanted"; then
  echo "$image: code: this must not be there"
  failed=1
fi
exit "$failed"
