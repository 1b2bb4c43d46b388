#!/bin/bash
# What a kernel's calls and faults cost a process, Atlas beside Linux: bazelw run //testing/bench:guest [-- OPTION...].
#
# One program (userspace/bench) is the first process of Debian's Linux and of our images, in the same QEMU. Under -icount
# each instruction of the guest takes one nanosecond, so its counters count instructions: the same numbers on every run
# and machine. Everything is measured each time.
set -u
export LC_ALL=C

readonly runfiles=${RUNFILES_DIR:-$0.runfiles}
readonly root=$runfiles/atlas
# shellcheck source=testing/boot/guest.sh
source "$root/testing/boot/guest.sh" || exit 2
# shellcheck source=tools/boot/machines.sh
source "$root/tools/boot/machines.sh" || exit 2
# shellcheck source=testing/bench/guest_table.sh
source "$root/testing/bench/guest_table.sh" || exit 2
# shellcheck source=/dev/null
source "$root/tools/boot/image_names.sh" || exit 2

readonly limit_seconds=600
# The machine that everything is measured on, and a smaller one on which only free memory is looked at, in MiB.
readonly large_mib=512 small_mib=128

help() {
  cat <<HELP
Measures in QEMU what calls and faults cost a process, in instructions, on Linux and on Atlas.

  bazelw run //testing/bench:guest [-- OPTION...]

  --image=NAME     an image, repeatable: ${image_names[*]}  (default all)
  --filter=TEXT    only rows whose names contain TEXT, repeatable: --filter=fork --filter=pipe
  --linux-only     only Linux, on the processors of the images
  --atlas-only     only the images: no ratios, and no bars but those without Linux
  --json=FILE      writes the figures to FILE as well
  --help           this text

Ends with 0 if all bars are met, 1 if one is missed, 2 if a guest could not be measured.

Rows:
HELP
  printf '  %s\n' "${table_rows[@]%%|*}" free_kib
}

refuse() {
  echo "guest: $1" >&2
  exit 2
}

images=() filters=() systems=both json='' unmeasured=0

read_options() {
  local option
  for option; do
    case $option in
      --image=*) images+=("${option#*=}") ;;
      --filter=*) filters+=("${option#*=}") ;;
      --linux-only) systems=linux ;;
      --atlas-only) systems=atlas ;;
      --json=*) json=${option#*=} ;;
      --help | -h) help; exit 0 ;;
      *) refuse "no option '$option'; there are --image= --filter= --linux-only --atlas-only --json= --help" ;;
    esac
  done
  ((${#images[@]} > 0)) || images=("${image_names[@]}")
  local image filter
  for image in "${images[@]}"; do
    [[ " ${image_names[*]} " == *" $image "* ]] || refuse "no image '$image'; there are: ${image_names[*]}"
  done
  for filter in "${filters[@]}"; do
    [[ $filter =~ ^[a-z0-9_]+$ ]] || refuse "'$filter' is no part of a row's name; --help lists them"
    [[ " ${table_rows[*]%%|*} free_kib" == *"$filter"* ]] || refuse "no row contains '$filter'; --help lists them"
  done
  # Bazel starts programs in their runfiles; a relative path is one from where it was called.
  [[ -z $json || $json == /* ]] || json=${BUILD_WORKING_DIRECTORY:-$PWD}/$json
}

say() { echo "guest: $1" >&2; }

# A line that the next one replaces, on a terminal.
progress() { [[ ! -t 2 ]] || printf '\r\033[K%s' "$1" >&2; }

# choose_machine PROCESSOR MIB INITRD: sets qemu_options for it.
choose_machine() {
  local processor=$1 mib=$2 cpu
  describe_image "$processor"_any
  cpu=${cpus[0]}
  # Page tables of four levels, and no fast strings: those count each byte.
  [[ $processor != x86_64 ]] || cpu=max,-erms,-la57
  qemu_options=()
  machine_options "${machines[0]}" "$cpu" "${mib}M"
  # Random numbers and the time of day are the same in every run, too.
  qemu_options+=(-icount shift=0,sleep=off -seed 1 -rtc 'base=2026-01-01,clock=vm' -no-reboot -serial stdio
    -initrd "$3")
}

# measure SYSTEM NAME KERNEL COMMAND_LINE INITRD ROW...: boots with qemu_options; the figures become those of SYSTEM.
measure() {
  local system=$1 name=$2 kernel=$3 command_line=$4 initrd=$5 last='' row='' ended=no lines=()
  shift 5
  (($# == 0)) || command_line+=" --"
  local filter
  for filter; do command_line+=" row=$filter"; done
  table_figures[$system initrd_kib]=$((($(wc -c <"$initrd") + 1023) / 1024))
  guest_start "$directory" "$runfiles/qemu/bin/$qemu_program" "${qemu_options[@]}" -kernel "$kernel" \
    -append "$command_line"
  while [[ $ended == no ]]; do
    guest_next "$limit_seconds"
    case $guest_event in
      line)
        table_line "$system" "$guest_line"
        case $table_event in
          start) row=$table_row; progress "$name: $row" ;;
          figure) row='' ;;
          end) ended=yes ;;
          *) last=$guest_line lines+=("$guest_line") ;;
        esac
        ;;
      prompt) last=$guest_line; break ;;
      *) break ;;
    esac
  done
  guest_elapsed
  guest_stop now
  progress ''
  if [[ $ended == yes ]]; then
    say "$name: $((guest_microseconds / 1000000)) s"
    return
  fi
  unmeasured=1
  local where=${row:+ in $row}
  case $guest_event in
    limit) say "$name: still running$where after $limit_seconds s" ;;
    prompt) say "$name: it has no first process; it is at its monitor" ;;
    *) say "$name: it ended$where; its last line: $last" ;;
  esac
}

# Whether the rows asked for contain one that only the small machine has.
wants_free() {
  ((${#filters[@]} > 0)) || return 0
  local filter
  for filter in "${filters[@]}"; do [[ free_kib != *"$filter"* ]] || return 0; done
  return 1
}

measure_linux() {
  local processor=$1 kernel console mib rows
  case $processor in
    x86_64) kernel=amd64 console=ttyS0 ;;
    *) kernel=armmp console=ttyAMA0 ;;
  esac
  local initrd=$root/testing/bench/guest_$processor.cpio
  local command_line="console=$console nokaslr panic=-1 mitigations=off quiet"
  for mib in $large_mib $small_mib; do
    rows=("${filters[@]}")
    if [[ $mib == "$small_mib" ]]; then
      wants_free || continue
      rows=(free_kib)
    fi
    choose_machine "$processor" "$mib" "$initrd"
    measure "$(system_name "linux_$processor" "$mib")" "Linux on $processor, $mib MiB" \
      "$runfiles/linux/boot/$kernel" "$command_line" "$initrd" "${rows[@]}"
    share_free "linux_$processor" "$mib"
  done
}

measure_image() {
  local image=$1 mib rows
  local processor=${image%_*}
  local initrd=$root/testing/bench/guest_$processor.cpio
  for mib in $large_mib $small_mib; do
    rows=("${filters[@]}")
    if [[ $mib == "$small_mib" ]]; then
      wants_free || continue
      rows=(free_kib)
    fi
    choose_machine "$processor" "$mib" "$initrd"
    measure "$(system_name "$image" "$mib")" "$image, $mib MiB" "$root/tools/boot/$image" '' "$initrd" "${rows[@]}"
    share_free "$image" "$mib"
  done
}

# Figures of the large machine are the system's; those of memory are a machine's.
system_name() { if (($2 == large_mib)); then echo "$1"; else echo "$1.$2"; fi; }
share_free() {
  (($2 == large_mib)) || return 0
  local key
  for key in free_kib usable_kib initrd_kib; do
    [[ -z ${table_figures[$1 $key]-} ]] || table_figures[$1.$2 $key]=${table_figures[$1 $key]}
    [[ -z ${table_skipped[$1 $key]-} ]] || table_skipped[$1.$2 $key]=${table_skipped[$1 $key]}
  done
}

processors() { printf '%s\n' "${images[@]%_*}" | sort -u; }

# The pairs to show, as arguments of FUNCTION: image and Linux.
for_each_pair() {
  local image
  case $systems in
    linux) for image in $(processors); do "$1" '' "linux_$image"; done ;;
    atlas) for image in "${images[@]}"; do "$1" "$image" ''; done ;;
    both) for image in "${images[@]}"; do "$1" "$image" "linux_${image%_*}"; done ;;
  esac
}

print_pair() {
  table_print "$1" "$2"
  echo
}

write_json() {
  table_json_begin
  for_each_pair table_json
  table_json_end
}

main() {
  local one
  read_options "$@"
  [[ -z $json ]] || : >"$json" || refuse "cannot write $json"
  directory=$(mktemp -d) || exit 2
  trap 'guest_stop now; rm -rf "$directory"' EXIT
  trap 'exit 2' INT TERM
  if [[ $systems != atlas ]]; then
    for one in $(processors); do measure_linux "$one"; done
  fi
  if [[ $systems != linux ]]; then
    for one in "${images[@]}"; do measure_image "$one"; done
  fi
  echo
  echo 'Instructions of the guest for each operation; for memory, KiB.'
  echo
  for_each_pair print_pair
  [[ -z $json ]] || write_json >"$json" || refuse "cannot write $json"
  ((unmeasured == 0)) || exit 2
  if ((table_missed > 0)); then
    echo "$table_missed bars missed"
    exit 1
  fi
}

main "$@"
