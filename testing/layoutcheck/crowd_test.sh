#!/bin/bash
# Many processes on a kernel. It compares the page tables of each of them with its layout again and again, and layoutcheck
# does so at random moments with those that the processor walks just then, which are some process's. Then all stand still,
# and layoutcheck compares the table of each with the layout, with the process's areas, and with the others': it has to say
# of each what the kernel says. Each row below then breaks the table of a process, or of a native thread, that stands still,
# behind the kernel's back: both have to find it in that process, and nothing any more when it is put back. At last all go on,
# and are well.
#   crowd_test.sh IMAGE MACHINE CPU MEMORY QEMU KERNEL ELF LAYOUTCHECK LAYOUT CHANGE_ENTRY INITRD
set -u
export LC_ALL=C
root=$PWD
# Longer than a boot: it looks at the guest some fifty times, on a machine with more to do.
limit_seconds=50
source "$root/testing/boot/guest.sh" || exit 2
source "$root/tools/boot/machines.sh" || exit 2
source "$root/testing/layoutcheck/boot.sh" || exit 2
image=$1
boot=("$1" "$2" "$3" "$4" "$root/$5" "$root/$6" -initrd "$root/${11}" -gdb unix:path=gdb,server=on,wait=off)
elf=$root/$7 layoutcheck=$root/$8 layout=$root/$9 change_entry=$root/${10}
cd "$TEST_TMPDIR" || exit 2
trap 'guest_stop now' EXIT

# So many different tables, in as many moments as that takes.
readonly wanted_tables=4 most_moments=60
# Another seed tries other moments; the guest's time is never the same anyhow.
readonly seed=${SEED:-1}

declare -A tables=()

# Sets table, and user_pages: how many pages user mode may use in the rows that are open to it.
look() {
  local output line row=0
  output=$("$layoutcheck" --gdb=unix:gdb --layout="$layout" --image="$elf" 2>&1) || die "moment $moment, seed $seed: $output"
  [[ ${output##*$'\n'} == 'LAYOUT OK '* ]] || die "moment $moment: $output"
  table=${output%%$'\n'*} table=${table##* } user_pages=0
  while read -r line; do
    [[ $line =~ ^0x[0-9a-f]+-0x[0-9a-f]+\ .*\ ok,\ ([0-9]+)\ pages ]] || continue
    if [[ ${is_open[row++]} == yes ]]; then user_pages=$((user_pages + BASH_REMATCH[1])); fi
  done <<<"$output"
}

# Which rows of the layout's last table are a process's.
is_open=()
while read -r line; do
  if [[ $line == *'"layout":'* ]]; then is_open=(); fi
  if [[ $line == *'"name": '*'"first": '*'"scope": "global"'* || $line == *'"first": '*'"service": "unused"'* ]]; then
    is_open+=(no)
  elif [[ $line == *'"name": '*'"first": '* ]]; then
    is_open+=(yes)
  fi
done <"$layout"

# Adds a line to counts, if it is one about a row that is a process's: how many pages it has, in how many entries. (The
# kernel's own rows change while it tells of them.)
count_row() {
  [[ $1 =~ ' '([0-9]+)' page's?' in '([0-9]+)' mapping' ]] || return 0
  if [[ ${is_open[row++]} == yes ]]; then counts+="${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"$'\n'; fi
}

# What the kernel finds: sets verdicts, "process NUMBER NAME" or "thread NUMBER" and what it says of it, line by line; and
# counts.
ask_kernel() {
  local line row=0
  guest_type verify
  await_line '^crowd: verified$'
  verdicts='' counts=''
  for line in "${heard[@]}"; do
    if [[ $line =~ ^('process '[0-9]+)' '0x[0-9a-f]+' '[0-9]+' '(.*) ]]; then
      line="${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"$'\n'
      verdicts+=$line counts+=$line row=0
    elif [[ $line =~ ^('thread '[0-9]+)' '0x ]]; then
      line=${BASH_REMATCH[1]}$'\n'
      verdicts+=$line counts+=$line row=0
    elif [[ -n $verdicts && $line == 'LAYOUT '* ]]; then
      verdicts+=$line$'\n'
    elif [[ -n $verdicts && $line == 'verify '* ]]; then
      count_row "$line"
    fi
  done
}

# The same of layoutcheck: sets output and status; and counts.
ask_layoutcheck() {
  local line row=0
  output=$("$layoutcheck" --gdb=unix:gdb --layout="$layout" --image="$elf" --processes=processes 2>&1)
  status=$? counts=''
  ((status != 2)) || die "$output"
  while IFS= read -r line; do
    if [[ $line == 'process '* || $line == 'thread '* ]]; then
      counts+=$line$'\n' row=0
    elif [[ $line == '  0x'* ]]; then
      count_row "$line"
    fi
  done <<<"$output"
}

# What TEXT says of the process that is the victim, and of its threads.
about_victim() {
  local of_victim=${1#*"process $victim "}
  printf '%s' "${of_victim%%$'\n'process *}"
}

# change VA CLEAR SET, open VA: of the victim's table; prints where the entries are, what they were, and their bytes.
change() { "$change_entry" unix:gdb change "$1" "$2" "$3" "${victim_root[@]}"; }
open() { "$change_entry" unix:gdb open "$1" 0 0 "${victim_root[@]}"; }

# Both say that all is well, and the same of everybody.
expect_well() {
  local seen_outside
  ask_layoutcheck
  seen_outside=$counts
  ask_kernel
  ((status == 0)) || die "$1: $output"
  [[ $verdicts != *FAULT* ]] || die "$1: the kernel finds $verdicts"
  [[ $counts == "$seen_outside" ]] || die "$1: the kernel counts $counts and layoutcheck $seen_outside"
}

# row NAME OUTSIDE INSIDE: the table is broken; each finds what matches the pattern in the victim's. What it was is in
# before, lines of what change_entry says.
rows=0
row() {
  local place
  [[ -n $before ]] || die "$1: no entry"
  ask_layoutcheck
  ask_kernel
  [[ $status == 1 && $(about_victim "$output") =~ $2 ]] || die "$1: layoutcheck says $output"
  [[ $(about_victim "$verdicts") =~ $3 ]] || die "$1: the kernel says $verdicts"
  while read -r place; do
    # shellcheck disable=SC2086  # three words
    "$change_entry" unix:gdb put $place resume || die "$1: cannot put it back"
  done <<<"$before"
  ((++rows))
}

start_guest "${boot[@]}"
await_line '^crowd: round 1: '
RANDOM=$seed
for ((moment = 1; moment <= most_moments; ++moment)); do
  sleep "0.$(printf '%03d' $((RANDOM % 100)))"
  look
  if ((user_pages > 0)); then tables[$table]=$user_pages; fi
  ((${#tables[@]} < wanted_tables)) || break
done
((${#tables[@]} >= wanted_tables)) || die "only these processes' tables were live: ${!tables[*]}"
summary="$moment moments, tables with so many pages of user mode: ${tables[*]}"

guest_type still
await_line '^crowd: still$'
printf '%s\n' "${heard[@]}" | grep -E '^(process [0-9]+ 0x|thread [0-9]+ 0x|[0-9a-f]+-[0-9a-f]+ [-rwxps]{4} )' >processes
expect_well 'standing still'

# The victim is the first member, and its page the first one of an area of data. `gap` is the page behind that area, which
# belongs to no other one, and the same table translates it. The first process has data at the same place.
victim=2 victim_root=() first_root=() areas=()
while read -r first second third fourth _; do
  if [[ $first == process ]]; then process=$second; fi
  case "$process $first" in
    '1 process') first_root=("$third" "$fourth") ;;
    "$victim process") victim_root=("$third" "$fourth") ;;
    "$victim "*) areas+=("$first $second") ;;
  esac
done <processes
direct=$(region_base "$(region_with service 'direct map')")
# Sizes of what one last table maps, and of its entries.
case $image in
  x86_64_*) table_shift=21 entry_bytes=8 address_bits=0xffffffffff000 never_execute=0x8000000000000000 write=2 read_only=0 ;;
  # XN, AP[2]; AP[1:0] lets both read and write.
  arm_*) table_shift=20 entry_bytes=4 address_bits=0xfffff000 never_execute=0x1 write=0x30 read_only=0x200 ;;
esac
page='' gap=''
for ((i = 0; i < ${#areas[@]}; ++i)); do
  [[ ${areas[i]} == *' rw-p' ]] || continue
  range=${areas[i]% *} next=${areas[i + 1]-}
  candidate=$((0x${range%-*})) end=$((0x${range#*-}))
  [[ -n $next && $((0x${next%%-*})) != "$end" && $((end >> table_shift)) == $((candidate >> table_shift)) ]] || continue
  if before=$(change "$(printf %#x "$candidate")" 0 0 2>/dev/null); then
    page=$(printf %#x "$candidate") gap=$(printf %#x "$end")
    break
  fi
done
[[ -n $page ]] || die "process $victim has no page for this: ${areas[*]}"
read -r place value _ <<<"$before"
table=$(printf %#x $((place & address_bits)))

before=$(change "$page" $((never_execute | read_only)) "$write")
row 'a page of data made executable' 'writable and executable: user rwx' 'FAULT [a-z]+: writable and executable at '
before=$(change "$page" $((address_bits | read_only)) $((table | write)))
row 'a page table shown' 'page table shown to user mode' 'FAULT the frame of the page at '
read -r _ other _ <<<"$("$change_entry" unix:gdb change "$page" 0 0 "${first_root[@]}")"
before=$(change "$page" $((address_bits | read_only)) $(((other & address_bits) | write)))
row 'a page of another process' 'private page shown elsewhere' 'FAULT the frame of the page at '
case $image in
  x86_64_*) before=$(open "$(printf '%#x' $((direct + 0x1000)))") ;;
  arm_*)
    find_small_page
    before=$(change "$small_page" 0 "$write")
    ;;
esac
row 'a page of the kernel opened' 'user access: user rw- kernel rw-' \
  'FAULT [a-z]+: (user access|not the rights of the image.s section) at '
before="$(printf '%#x' $((place + (gap - page) / 4096 * entry_bytes))) 0 $entry_bytes"
"$change_entry" unix:gdb put "${before%% *}" "$value" "$entry_bytes" resume || die 'cannot set an entry'
row 'a page where no area is' "$(printf '%#018x' "$gap")-0x[0-9a-f]+ user page outside every area" \
  'FAULT the page tables do not show what the process'
# The same of two native threads of a process, with stacks of their own: of one_root and other_root.
victim='' threads=()
while read -r first second third fourth _ stack; do
  if [[ $first == process ]]; then process=$second process_root=("$third" "$fourth"); fi
  if [[ $first == process && ${#threads[@]} -lt 2 ]]; then threads=(); fi
  if [[ $first == thread && -n $stack && ${#threads[@]} -lt 2 ]]; then
    threads+=("$third $fourth") victim=$process victim_root=("${process_root[@]}") stack_last=${stack#*-}
  fi
done <processes
((${#threads[@]} == 2)) || die "no process has two native threads: $(<processes)"
read -ra one_root <<<"${threads[0]}"
read -ra other_root <<<"${threads[1]}"

# change_thread VA: shows the page at VA of the other thread in the one.
change_thread() {
  local value
  read -r _ value _ < <("$change_entry" unix:gdb change "$1" 0 0 "${other_root[@]}")
  "$change_entry" unix:gdb change "$1" $((address_bits)) $((value & address_bits)) "${one_root[@]}"
}

before=$(change_thread "$(region_base "$(region_with service 'thread control block')")")
row 'a control block of another thread' 'private page shown elsewhere' 'FAULT the frame of the page at '
before=$(change_thread "$(region_base "$(region_with service 'message queue')")")
row 'a queue of another thread' 'private page shown elsewhere' 'FAULT the frame of the page at '
# The last page of the stack is there; it may end below what the table can have of its own.
readonly most_pages_above=1024
page='' before=''
for ((i = 0; i < most_pages_above; ++i)); do
  candidate=$(printf %#x $((stack_last - 4095 - i * 4096)))
  if "$change_entry" unix:gdb change "$candidate" 0 0 "${one_root[@]}" &>/dev/null; then
    before=$(change_thread "$candidate")
    break
  fi
done
row 'a stack of another thread' 'private page shown elsewhere' 'FAULT the frame of the page at '
code=$(sed -n "/^process $victim /,/^process /s/^\([0-9a-f]*\)-[0-9a-f]* r-xp .*/\1/p" processes | head -n 1)
before=$("$change_entry" unix:gdb hide "0x$code" "${victim_root[0]}" 0 "${one_root[@]}")
row 'what one thread does not see' 'thread differs from its process: nothing' \
  "FAULT the page table of a thread is not its process's"
expect_well 'all put back'

guest_type go
await_line "^crowd: round [0-9]+: "
[[ $guest_line =~ 'the tables of '([0-9]+)' processes' ]] || die "$guest_line"
processes=${BASH_REMATCH[1]}
guest_type off
await_line '^crowd: all members are well$'
await_end
((guest_status == 0)) || die "the guest ended with $guest_status"
echo "$summary; $rows broken tables found; $processes processes in the last round"
