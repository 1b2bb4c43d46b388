# The table of the benchmark of whole kernels: its rows, their bars, what guests say of them. Sourced by guest.sh.
#
#   table_line SYSTEM LINE      what the guest SYSTEM printed; sets table_event: start (table_row has its name), figure, end
#                               or other
#   table_free SYSTEM           the figure that was last read of free memory belongs to the small machine
#   table_print IMAGE LINUX     rows of the guest IMAGE beside those of the guest LINUX; either may be empty
#   table_json IMAGE LINUX      the same as objects of JSON
#   table_missed                how many bars were missed in all that was printed
#
# SYSTEM is any name; figures of a system that never spoke are missing, and miss their bars.

# NAME|BAR|WHAT IS DONE. The bar is the largest part of Linux's figure that Atlas may take, in hundredths; with a second
# number, the first one is for x86_64 and the other for arm. '-': no bar. '<60': fewer than 60 instructions, whatever Linux has.
readonly table_rows=(
  'null_call|25 50|null system call'
  'anonymous_write_fault|25|anonymous write fault, per page'
  'zero_page_read_fault|25|zero page: read fault'
  'zero_page_write_after|25|zero page: write after it'
  'map_unmap_1_page|25|mmap+munmap 1 page, untouched'
  'map_unmap_16_pages|25|mmap+munmap 16 pages, untouched'
  'map_unmap_256_mib|25|mmap+munmap 256 MiB, untouched'
  'map_touch_unmap_1_mib|50|mmap+touch+munmap 1 MiB'
  'protect_split_merge|25|mprotect middle page: split+merge'
  'map_unmap_10_vmas|-|among 10 VMAs: mmap+munmap 1 page'
  'map_unmap_10000_vmas|25|among 10,000: mmap+munmap 1 page'
  'fault_10_vmas|-|among 10 VMAs: fault in any of them'
  'fault_10000_vmas|25|among 10,000: fault in any of them'
  'brk_grow_touch_shrink|50|brk grow+touch+shrink'
  'stack_growth_fault|50|stack growth fault'
  'fork_exit_wait|25|fork+exit+wait, small'
  'fork_exit_wait_1_mib|25|fork+exit+wait, 1 MiB dirty'
  'copy_on_write_copy|25|copy-on-write fault: copy'
  'copy_on_write_reuse|25|copy-on-write fault: reuse'
  'pipe_round_trip|25|pipe round trip, processes'
  'futex_processes|25|futex round trip, processes'
  'futex_threads|25|futex round trip, threads'
  'yield_round|50|sched_yield round, two switches'
  'system_v_queue|50|SysV message queue round trip, 64 B'
  'posix_queue|50|POSIX message queue round trip, 64 B'
  'native_messages|33|message round trip, two processes'
  'native_calls|33|call with reply, two processes'
  'shared_first_touch|50|shared memory: first touch, per page'
  'shared_second_touch|50|shared memory: second process'
  'smalloc_sfree|<60|smalloc+sfree of 64 B'
  'fork_fault_wait|50|fork+SIGSEGV+wait'
  'boot_to_init|50|boot to the first process'
)
# Rows of which zeroing or copying a page takes a part that no kernel can save: the least that it takes where `rep` does it,
# eight bytes at a time. On ARM it is fewer instructions, and how many is the kernel's choice.
readonly table_page_work=512
declare -rA table_floor=([anonymous_write_fault]=$table_page_work [zero_page_write_after]=$table_page_work
  [fault_10_vmas]=$table_page_work [fault_10000_vmas]=$table_page_work [copy_on_write_copy]=$table_page_work)

# Rows of what Linux has not, and which of its rows they have to compare with.
declare -rA table_peer=([native_messages]=posix_queue [native_calls]=posix_queue)

# What the same costs among 10,000 VMAs, in hundredths of what it costs among 10.
readonly table_vma_bar=130
readonly table_vma_rows=(map_unmap fault)
# Free at the first process, in hundredths of the RAM that the firmware reports, less the initrd.
readonly table_free_bar=99

declare -A table_figures=() table_skipped=()
table_event='' table_row='' table_missed=0

table_line() {
  local key name figure reason
  IFS=$'\t' read -r key name figure reason <<<"$2"
  table_event=other
  case $key in
    start) table_event=start table_row=$name ;;
    row)
      [[ $figure =~ ^[0-9]+$ ]] || return 0
      table_event=figure table_figures[$1 $name]=$figure
      ;;
    skipped)
      table_event=figure
      table_skipped[$1 $name]="skipped: $figure: $reason"
      ;;
    end) table_event=end ;;
    # Atlas says what the firmware reported.
    usable:*) [[ ! $2 =~ ^usable:\ +([0-9]+)\ KiB$ ]] || table_figures[$1 usable_kib]=${BASH_REMATCH[1]} ;;
  esac
}

# table_quotient NUMERATOR DENOMINATOR: with three decimals.
table_quotient() { printf '%d.%03d' $(($1 / $2)) $(($1 % $2 * 1000 / $2)); }

# The bar of a row that has one or two, for the guest IMAGE.
table_bar_of() {
  local bars=$1
  case $2 in
    arm*) echo "${bars#* }" ;;
    *) echo "${bars% *}" ;;
  esac
}

# table_judge ATLAS LINUX BAR: sets table_ratio and table_verdict.
table_judge() {
  local atlas=$1 linux=$2 bar=$3
  table_ratio='' table_verdict=''
  if [[ -n $atlas && -n $linux ]] && ((linux > 0)); then table_ratio=$(table_quotient "$atlas" "$linux"); fi
  if [[ $bar == - ]]; then return; fi
  if [[ -n $table_ratio ]] && ((atlas * 100 <= linux * bar)); then
    table_verdict=met
  else
    table_verdict=MISSED
    ((++table_missed))
  fi
}

# table_judge_below ATLAS BAR: likewise, of instructions.
table_judge_below() {
  table_ratio='' table_verdict=met
  [[ -n $1 ]] && (($1 < $2)) && return
  table_verdict=MISSED
  ((++table_missed))
}

table_text_of_bar() { if [[ $1 == - ]]; then echo -; else table_quotient "$1" 100; fi; }

# table_each IMAGE LINUX DO: calls DO NAME LABEL LINUX ATLAS RATIO BAR VERDICT NOTE for all rows that somebody measured.
table_each() {
  local image=$1 linux=$2 do=$3 one name bars label ours theirs bar note
  for one in "${table_rows[@]}"; do
    IFS='|' read -r name bars label <<<"$one"
    ours=${table_figures["$image $name"]-} theirs=${table_figures["$linux ${table_peer[$name]-$name}"]-}
    note=${table_skipped["$image $name"]-}
    [[ -n $image ]] || note=${table_skipped["$linux $name"]-}
    if [[ -z $ours$theirs$note ]]; then continue; fi
    if [[ $bars == '<'* && -n $image ]]; then
      table_judge_below "$ours" "${bars#<}"
      "$do" "$name" "$label" "$theirs" "$ours" '' "${bars#<}" "$table_verdict" "${note:-instructions, to be fewer}"
      continue
    fi
    bar=$(table_bar_of "$bars" "$image")
    [[ -n $image && -n $linux ]] || bar=-
    table_judge "$ours" "$theirs" "$bar"
    if [[ -n $image && -z $note && -z $ours ]]; then note='no figure'; fi
    if [[ -z $note && -n ${table_peer[$name]-} ]]; then note="Linux: ${table_peer[$name]}"; fi
    if [[ -z $note && -n ${table_floor[$name]-} && $image == x86_64_* ]]; then note="${table_floor[$name]} of it are the page"; fi
    "$do" "$name" "$label" "$theirs" "$ours" "$table_ratio" "$(table_text_of_bar "$bar")" "$table_verdict" "$note"
  done
  table_each_vma_row "$image" "$do"
  table_each_free_row "$image" "$linux" 512 "$do"
  table_each_free_row "$image" "$linux" 128 "$do"
}

# Ours with many VMAs beside ours with few.
table_each_vma_row() {
  local image=$1 do=$2 row few many
  [[ -n $image ]] || return 0
  for row in "${table_vma_rows[@]}"; do
    few=${table_figures["$image ${row}_10_vmas"]-} many=${table_figures["$image ${row}_10000_vmas"]-}
    if [[ -z $few && -z $many ]]; then continue; fi
    table_judge "$many" "$few" "$table_vma_bar"
    "$do" "${row}_vma_ratio" "$row, 10,000 VMAs beside 10" '' '' "$table_ratio" "$(table_text_of_bar "$table_vma_bar")" \
      "$table_verdict" ''
  done
}

# Memory is the one figure of which more is better, and its bar is a part of what there is.
table_each_free_row() {
  local image=$1 linux=$2 mib=$3 do=$4
  local ours=${table_figures["$image.$mib free_kib"]-} theirs=${table_figures["$linux.$mib free_kib"]-}
  local usable=${table_figures["$image.$mib usable_kib"]-} initrd=${table_figures["$image.$mib initrd_kib"]-0}
  local note=${table_skipped["$image.$mib free_kib"]-} ratio='' bar=- verdict=''
  if [[ -z $ours$theirs$note ]]; then return; fi
  if [[ -n $image ]]; then
    bar=$(table_quotient "$table_free_bar" 100) verdict=MISSED
    if [[ -n $ours && -n $usable ]]; then
      ratio=$(table_quotient "$ours" $((usable - initrd)))
      ((ours * 100 < (usable - initrd) * table_free_bar)) || verdict=met
    fi
    [[ $verdict == met ]] || ((++table_missed))
    note=${note:-of ${usable:-unknown} KiB less $initrd of the initrd}
  fi
  "$do" "free_kib_of_$mib" "free at the first process, $mib MiB" "$theirs" "$ours" "$ratio" "$bar" "$verdict" "$note"
}

table_text_line() {
  printf '%-37s %11s %11s %7s %6s %-6s %s\n' "$2" "${3:--}" "${4:--}" "${5:--}" "$6" "$7" "${8:+($8)}" | sed 's/ *$//'
}

table_print() {
  printf '%-37s %11s %11s %7s %6s\n' "${1:-$2}" Linux Atlas ratio bar
  table_each "$1" "$2" table_text_line
}

table_json_line() {
  local name=$1 linux=${3:-null} atlas=${4:-null} ratio=${5:-null} bar=$6 verdict=$7 note=$8
  [[ $bar != - ]] || bar=null
  printf '%s\n  {"image": "%s", "row": "%s", "linux": %s, "atlas": %s, "ratio": %s, "bar": %s, "verdict": "%s", "note": "%s"}' \
    "$table_separator" "$table_image" "$name" "$linux" "$atlas" "$ratio" "$bar" "$verdict" "$note"
  table_separator=,
}

# Between table_json_begin and table_json_end. Bars that are missed have been counted by table_print.
table_json_begin() { printf '['; table_separator=''; }
table_json() {
  local counted=$table_missed
  table_image=${1:-$2}
  table_each "$1" "$2" table_json_line
  table_missed=$counted
}
table_json_end() { printf '\n]\n'; }
