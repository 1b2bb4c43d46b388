#!/bin/bash
# What programs may reach of the kernel and what not, as words for those that try it:
#   kernel_addresses.sh LAYOUT.json [READELF IMAGE.elf]
# By the layout's last table. Of each row that every process has and none may use: its ends, and its second page (the first
# device's registers are there, behind a guard page); and the image's first byte. Besides, the last byte of what can be a
# process's. Where user mode runs the image's code, that of the row with it is left which comes last, and the image says
# how far its code and constants reach.
set -eu

readonly row='"first": "([^"]*)", "last": "([^"]*)", "user": "([^"]*)", "kernel": "([^"]*)".*"scope": "global", "service": "([^"]*)"'
readonly process_row='"last": "([^"]*)", "user": "[rw].*"scope": "(process|thread)"'
# One that nobody writes.
readonly segment='LOAD +0x[0-9a-f]+ (0x[0-9a-f]+) 0x[0-9a-f]+ 0x[0-9a-f]+ (0x[0-9a-f]+) R (E| ) '
words='' link_base='' last_of_processes='' is_shared=no
while IFS= read -r line; do
  if [[ $line == *'"layout":'* ]]; then words='' link_base='' last_of_processes=''; fi
  if [[ $line =~ $process_row ]]; then last_of_processes=${BASH_REMATCH[1]}; fi
  if [[ $line =~ $row ]]; then
    first=${BASH_REMATCH[1]} last=${BASH_REMATCH[2]} user=${BASH_REMATCH[3]} service=${BASH_REMATCH[5]}
    if [[ $user == --- && $service != unused ]]; then
      words+=$(printf ' kernel=%x kernel=%x' "$first" $((first + 0x1000)))
    fi
    if [[ $user == --- && $service != unused || $service == 'direct map' ]]; then
      words+=$(printf ' kernel=%x' $((last - 7)))
    fi
  fi
  if [[ $line =~ '"image_link_base": "'([^\"]*) ]]; then link_base=${BASH_REMATCH[1]}; fi
  if [[ $line == *'"image_parts"'* ]]; then is_shared=yes; fi
done <"$1"
[[ -n $words && -n $link_base && -n $last_of_processes ]] || { echo "$1: no rows of the kernel" >&2; exit 1; }
if [[ $is_shared == no ]]; then
  words+=$(printf ' kernel=%x' "$link_base")
else
  limit=$((link_base))
  while IFS= read -r line; do
    if [[ $line =~ $segment ]]; then
      ((BASH_REMATCH[1] == limit)) || { echo "$3: a segment at ${BASH_REMATCH[1]}, not behind the one before" >&2; exit 1; }
      limit=$((limit + BASH_REMATCH[2]))
    fi
  done < <("$2" --segments --wide "$3")
  ((limit > link_base)) || { echo "$3: no code that programs may read" >&2; exit 1; }
  words+=$(printf ' open=%x-%x' "$link_base" $((limit - 1)))
fi
echo "${words# } last=${last_of_processes#0x}"
