#!/bin/bash
# What a boot costs: bazelw run //testing/bench:boot [-- --json].
#
# Instructions are those from the kernel's entry to its monitor, as the kernel counts them under -icount, where its
# cycle counter moves by one for each: the same number on every run and machine. The wall-clock time, from QEMU's start
# to the prompt, is of a plain run and depends on this machine.
set -u
export LC_ALL=C

readonly runfiles=${RUNFILES_DIR:-$0.runfiles}
readonly root=$runfiles/atlas
# shellcheck source=testing/boot/guest.sh
source "$root/testing/boot/guest.sh" || exit 2
# shellcheck source=tools/boot/machines.sh
source "$root/tools/boot/machines.sh" || exit 2

readonly limit_seconds=60
readonly timed_runs=3
# What the others are compared with.
readonly base_memory=512M

# Image and memory of each row; the board and the processor are the image's defaults.
readonly rows=(
  'x86_64_osz 512M'
  'x86_64_osz 64M'
  'x86_64_osz 3G'
  'x86_64_osz 6G'
  'x86_64_kora 512M'
  'x86_64_kora 6G'
  'x86_64_lfos 512M'
  'x86_64_lfos 6G'
  'arm_kora 512M'
  'arm_kora 3G'
  'arm_sos 512M'
  'arm_sos 64M'
  'arm_sos 3G'
  'arm_apcpu 512M'
  'arm_apcpu 16M'
)

die() {
  echo "bench: $1" >&2
  exit 1
}

# Boots to the prompt; sets `cycles`, what the kernel says, and `milliseconds`.
boot_once() {
  local image=$1 memory=$2 last=''
  shift 2
  describe_image "$image" || die "no image $image"
  qemu_options=()
  machine_options "${machines[0]}" "${cpus[0]}" "$memory"
  guest_start "$directory" "$runfiles/qemu/bin/$qemu_program" "${qemu_options[@]}" -serial stdio "$@" \
    -kernel "$root/tools/boot/$image"
  cycles=''
  while :; do
    guest_next "$limit_seconds"
    case $guest_event in
      line)
        last=$guest_line
        if [[ $guest_line =~ ^boot:\ ([0-9]+)\ cycles\  ]]; then cycles=${BASH_REMATCH[1]}; fi
        ;;
      prompt) break ;;
      *) guest_stop now; die "$image with $memory did not get to its monitor; its last line: $last" ;;
    esac
  done
  guest_elapsed
  milliseconds=$((guest_microseconds / 1000))
  guest_stop now
  [[ -n $cycles ]] || die "$image with $memory did not say how long its start took"
}

# Sets `instructions`, and `milliseconds` to the median of the timed runs.
measure() {
  local times=() run
  boot_once "$1" "$2" -icount shift=0,sleep=off
  instructions=$cycles
  for ((run = 0; run < timed_runs; ++run)); do
    boot_once "$1" "$2"
    times+=("$milliseconds")
  done
  milliseconds=$(printf '%s\n' "${times[@]}" | sort -n | sed -n "$((timed_runs / 2 + 1))p")
}

# thousandths NUMERATOR DENOMINATOR: a quotient with three decimals.
thousandths() { printf '%d.%03d' $(($1 / $2)) $(($1 % $2 * 1000 / $2)); }

main() {
  local format=table row image memory base='' separator=''
  case ${1-} in
    '') ;;
    --json) format=json ;;
    *) echo "bench: no option '$1'; there is --json" >&2; exit 2 ;;
  esac
  directory=$(mktemp -d) || exit 2
  trap 'guest_stop now; rm -rf "$directory"' EXIT

  if [[ $format == json ]]; then
    echo '['
  else
    printf '%-11s %6s %13s %10s %11s\n' image memory instructions "to $base_memory" 'wall clock'
  fi
  for row in "${rows[@]}"; do
    read -r image memory <<<"$row"
    measure "$image" "$memory"
    if [[ $memory == "$base_memory" ]]; then base=$instructions; fi
    if [[ $format == json ]]; then
      printf '%s  {"image": "%s", "memory": "%s", "instructions": %d, "ratio_to_%s": %s, "milliseconds": %d}' \
        "$separator" "$image" "$memory" "$instructions" "$base_memory" "$(thousandths "$instructions" "$base")" \
        "$milliseconds"
      separator=$',\n'
    else
      printf '%-11s %6s %13d %10s %8d ms\n' "$image" "$memory" "$instructions" \
        "$(thousandths "$instructions" "$base")" "$milliseconds"
    fi
  done
  if [[ $format == json ]]; then printf '\n]\n'; fi
}

main "$@"
