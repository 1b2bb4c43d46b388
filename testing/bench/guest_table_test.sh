#!/bin/bash
# The table of the benchmark of whole kernels, from lines as guests print them: guest_table_test.sh GUEST_TABLE.
set -u
source "$1" || exit 2

faults=0

# check WHAT EXPECTED FOUND
check() {
  [[ $2 == "$3" ]] && return
  printf 'FAILED %s\n  expected: %s\n  found:    %s\n' "$1" "$2" "$3"
  ((++faults))
}

# hear SYSTEM LINE...: sets events to what the lines were.
hear() {
  local system=$1 line
  shift
  events=''
  for line; do
    table_line "$system" "$line"
    events+="$table_event "
  done
}

# The row of a label in the table last printed, with single spaces.
row() { grep -F "$1" <<<"$table" | sed 's/  */ /g'; }

hear linux $'start\tnull_call' $'row\tnull_call\t400' $'row\tmap_unmap_1_page\t10000' 'Linux says something' \
  $'row\tanonymous_write_fault\tnone' $'row\tfault_10000_vmas\t4000' $'row\tprotect_split_merge\t5000' $'row\tpipe_round_trip\t0' 'end'
check 'events' 'start figure figure other other figure figure figure end ' "$events"
check 'a row by its name' null_call "$table_row"
hear linux.128 $'row\tfree_kib\t70000'

hear x86_64_a 'usable:   100000 KiB' $'row\tnull_call\t100' $'row\tmap_unmap_1_page\t2501' $'row\tmap_unmap_10_vmas\t1000' \
  $'row\tmap_unmap_10000_vmas\t1300' $'row\tfault_10_vmas\t1000' $'row\tfault_10000_vmas\t1301' $'row\tpipe_round_trip\t1' \
  $'skipped\tposix_queue\tmq_open\tENOSYS'
hear x86_64_a.128 'usable:   100000 KiB' $'row\tfree_kib\t98899'
table_figures[x86_64_a.128 initrd_kib]=100
table_print x86_64_a linux >"$TEST_TMPDIR/table"
table=$(<"$TEST_TMPDIR/table")
check 'exactly at the bar' 'null system call 400 100 0.250 0.250 met' "$(row 'null system call')"
check 'above the bar' 'mmap+munmap 1 page, untouched 10000 2501 0.250 0.250 MISSED' "$(row 'mmap+munmap 1 page, untouched')"
check 'the page itself' 'among 10,000: fault in any of them 4000 1301 0.325 0.250 MISSED (512 of it are the page)' \
  "$(row 'among 10,000: fault')"
check 'no bar' 'among 10 VMAs: mmap+munmap 1 page - 1000 - -' "$(row 'among 10 VMAs: mmap')"
check 'many VMAs, at the bar' 'map_unmap, 10,000 VMAs beside 10 - - 1.300 1.300 met' "$(row 'map_unmap, 10,000')"
check 'many VMAs, above' 'fault, 10,000 VMAs beside 10 - - 1.301 1.300 MISSED' "$(row 'fault, 10,000')"
check 'nothing on Linux' 'among 10,000: mmap+munmap 1 page - 1300 - 0.250 MISSED' "$(row 'among 10,000: mmap')"
check 'a figure of nothing' 'pipe round trip, processes 0 1 - 0.250 MISSED' "$(row 'pipe round')"
check 'skipped' 'POSIX message queue round trip, 64 B - - - 0.500 MISSED (skipped: mq_open: ENOSYS)' "$(row POSIX)"
check 'not reached' 'mprotect middle page: split+merge 5000 - - 0.250 MISSED (no figure)' "$(row mprotect)"
check 'too little memory' 'free at the first process, 128 MiB 70000 98899 0.989 0.990 MISSED (of 100000 KiB less 100 of the initrd)' \
  "$(row '128 MiB')"
check 'nobody measured' '' "$(row 'stack growth')"
check 'bars missed' 8 "$table_missed"

# The bars of a processor, memory that is enough, and a single system.
table_missed=0
hear arm_b $'row\tfault_10000_vmas\t600' $'row\tnull_call\t200' $'row\tnative_messages\t2970' $'row\tsmalloc_sfree\t59'
hear linux $'row\tposix_queue\t9000' $'skipped\tnative_messages\tbecome native\tENOSYS'
hear arm_b.512 'usable:   100000 KiB' $'row\tfree_kib\t98901'
table_figures[arm_b.512 initrd_kib]=100
table_print arm_b linux >"$TEST_TMPDIR/table"
table=$(<"$TEST_TMPDIR/table")
check 'a page that is filled otherwise' 'among 10,000: fault in any of them 4000 600 0.150 0.250 met' "$(row 'among 10,000: fault')"
check 'the bar of arm' 'null system call 400 200 0.500 0.500 met' "$(row 'null system call')"
check 'what Linux has not' 'message round trip, two processes 9000 2970 0.330 0.330 met (Linux: posix_queue)' "$(row 'message round trip, two')"
check 'fewer instructions' 'smalloc+sfree of 64 B - 59 - 60 met (instructions, to be fewer)' "$(row 'smalloc+sfree')"
check 'enough memory' 'free at the first process, 512 MiB - 98901 0.990 0.990 met (of 100000 KiB less 100 of the initrd)' "$(row '512 MiB')"
table_missed=0
table_print '' linux >"$TEST_TMPDIR/table"
table=$(<"$TEST_TMPDIR/table")
check 'Linux alone' 'null system call 400 - - -' "$(row 'null system call')"
check 'Linux alone misses nothing' 0 "$table_missed"
table_print x86_64_a '' >"$TEST_TMPDIR/table"
table=$(<"$TEST_TMPDIR/table")
check 'Atlas alone' 'null system call - 100 - -' "$(row 'null system call')"
check 'Atlas alone, its own bars' 2 "$table_missed"

{
  table_json_begin
  table_json x86_64_a linux
  table_json_end
} >"$TEST_TMPDIR/json"
check 'JSON' '  {"image": "x86_64_a", "row": "null_call", "linux": 400, "atlas": 100, "ratio": 0.250, "bar": 0.250, "verdict": "met", "note": ""},' \
  "$(grep null_call "$TEST_TMPDIR/json")"
check 'JSON counts nothing twice' 2 "$table_missed"

((faults == 0)) && echo PASSED
exit $((faults > 0))
