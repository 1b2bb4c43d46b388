#!/bin/bash
# Boots an image in QEMU as a scenario says and judges what it did: `run.sh SCENARIO`.
#
# A scenario has one fact a line, `key value` (qemu_boot_test.bzl writes it):
#   image NAME            a row of tools/boot/machines.sh, with its `machine`, `cpu` and `memory`
#   qemu PATH             the program;  kernel PATH  the file of the image;  append TEXT  its command line
#   append-file PATH      a file whose words come behind it
#   initrd PATH           a file beside the image
#   disk PATH             a file of which a copy is the machine's disk; with it comes a source of bytes, another copy
#   disk-holds OFFSET TEXT   that is what the disk has there when the guest has ended
#   shim PATH             an ELF file that is started in the kernel's place; the kernel is only loaded
#   at ADDRESS            where the raw image is loaded then, if not where QEMU would
#   load ADDRESS PATH     a file put into memory;  word ADDRESS VALUE  32 bits put into memory
#   command WORD          instead of all these: a word of the command line, repeated
#   prompt TEXT           what the guest prints when it waits for input, if not the monitor's prompt
#   type LINE             typed at the guest's prompt, one line each time it waits
#   expect TEXT           a line holds this text;     expect-match REGEX likewise (POSIX extended)
#   forbid TEXT           no line holds this text;    forbid-match REGEX likewise
#   clock real|instructions   what the guest's counters count
#   page PATH             a file that holds the digest of every layout the guest verified
#   exit success|failure  how QEMU ends
#   ktap yes|no           the guest reports tests, and they pass
#   seconds N             a guest still running then has hung
# Expectations hold in the order given, each on a line of its own after the one before.
set -u
export LC_ALL=C

# Bazel starts a test by a link to this script, in the root of its runfiles.
root=${TEST_SRCDIR:+$TEST_SRCDIR/$TEST_WORKSPACE}
root=${root:-${BASH_SOURCE[0]%/*}/../..}
# shellcheck source=testing/boot/guest.sh
source "$root/testing/boot/guest.sh"
# shellcheck source=testing/boot/ktap.sh
source "$root/testing/boot/ktap.sh"
# shellcheck source=tools/boot/machines.sh
source "$root/tools/boot/machines.sh"

readonly shown_lines=${BOOT_TEST_LINES:-40}
# After the first fault the guest may go on for a moment: a panic's registers and backtrace are worth having.
readonly grace_seconds=1

command=() typed=() disk_texts=() expectations=() prohibitions=() placed=()
image='' machine='' cpu='' memory='' qemu='' kernel='' append='' initrd='' shim='' page='' at='' disk=''
clock=real want_exit='' want_ktap=no limit_seconds=''

read_scenario() {
  local line key value
  while IFS= read -r line || [[ -n $line ]]; do
    key=${line%% *} value=${line#* }
    case $key in
      clock | image | machine | cpu | memory | qemu | kernel | append | initrd | shim | page | at | disk) printf -v "$key" '%s' "$value" ;;
      append-file) append+=" $(<"$value")" ;;
      load) placed+=(-device "loader,addr=${value%% *},file=${value#* },force-raw=on") ;;
      word) placed+=(-device "loader,addr=${value%% *},data=${value#* },data-len=4") ;;
      command) command+=("$value") ;;
      disk-holds) disk_texts+=("$value") ;;
      prompt) guest_prompt=$value ;;
      type) typed+=("$value") ;;
      expect | expect-match) expectations+=("$key $value") ;;
      forbid | forbid-match) prohibitions+=("$key $value") ;;
      exit) want_exit=$value ;;
      ktap) want_ktap=$value ;;
      seconds) limit_seconds=$value ;;
      *) echo "run.sh: $1: unknown key in '$line'" >&2; return 1 ;;
    esac
  done <"$1"
  if [[ -z $limit_seconds || $want_exit != @(success|failure) ]]; then
    echo "run.sh: $1: needs seconds and exit success|failure" >&2
    return 1
  fi
  ((${#command[@]} > 0)) || compose_command "$1"
}

# The command line that the machine of the scenario stands for.
compose_command() {
  if [[ -z $machine || -z $cpu || -z $memory || -z $qemu || -z $kernel ]] || ! describe_image "$image"; then
    echo "run.sh: $1: needs command, or a known image with machine, cpu, memory, qemu and kernel" >&2
    return 1
  fi
  qemu_options=()
  machine_options "$machine" "$cpu" "$memory"
  if [[ -n $disk ]]; then
    cat "$disk" >"$directory/disk"
    cat "$disk" >"$directory/random"
    disk_options "$directory/disk"
    known_options "$directory/random"
  fi
  if [[ $clock == instructions ]]; then qemu_options+=(-icount shift=0,sleep=off); fi
  command=("$qemu" "${qemu_options[@]}" -serial stdio -kernel "${shim:-$kernel}")
  if [[ -n $shim ]]; then
    at=${at:-$raw_load_address}
    local where=${at:+,addr=$at,force-raw=on}
    command+=(-device "loader,file=$kernel$where")
  fi
  ((${#placed[@]} == 0)) || command+=("${placed[@]}")
  [[ -z $initrd ]] || command+=(-initrd "$initrd")
  [[ -z $append ]] || command+=(-append "$append")
}

# Does a line satisfy "KIND-match REGEX" or "KIND TEXT"?
matches() {
  local line=$1 rule=$2
  local text=${rule#* }
  case $rule in
    *-match\ *) [[ $line =~ $text ]] ;;
    *) [[ $line == *"$text"* ]] ;;
  esac
}

last_lines=() faults=() expected=0 banners=0 typed_count=0 allowed_banners=1

fault() {
  faults+=("$1")
  guest_elapsed
  local soon=$((guest_microseconds / 1000000 + 1 + grace_seconds))
  ((soon >= limit_seconds)) || limit_seconds=$soon
}

judge_line() {
  local line=$1 rule
  last_lines+=("$line")
  ((${#last_lines[@]} <= shown_lines)) || last_lines=("${last_lines[@]:1}")
  for rule in "${prohibitions[@]}"; do
    # One will do: the lines shown have the others.
    if ((${#faults[@]} == 0)) && matches "$line" "$rule"; then fault "forbidden line: $line"; fi
  done
  # QEMU restarts a guest whose processor gave up (x86: triple fault). Nobody asked for that. A banner's second word is
  # the processor; uname's is a number.
  if [[ $line == 'Atlas '[a-z]* ]] && ((++banners > allowed_banners)); then fault "the guest restarted"; fi
  if [[ -n $page && $line =~ ^LAYOUT\ OK\ .*digest=([0-9a-f]+) ]] && ! grep -q "${BASH_REMATCH[1]}" "$page"; then
    fault "$page does not know the digest ${BASH_REMATCH[1]}"
  fi
  if ((expected < ${#expectations[@]})) && matches "$line" "${expectations[expected]}"; then ((++expected)); fi
  if [[ $want_ktap == yes ]]; then
    ktap_line "$line"
    [[ -z $ktap_fault || -n ${ktap_reported-} ]] || { ktap_reported=yes; fault "KTAP: $ktap_fault"; }
  fi
}

answer_prompt() {
  if ((typed_count == ${#typed[@]})); then
    fault "the guest waits at its prompt and the test has nothing more to type"
    guest_stop now
    return
  fi
  local text=${typed[typed_count++]}
  if [[ $text == reboot ]]; then ((++allowed_banners)); fi
  guest_type "$text"
}

# Reads until the guest ends or the time is over.
watch() {
  while [[ -n $guest_pid ]]; do
    guest_next "$limit_seconds"
    case $guest_event in
      line) judge_line "$guest_line" ;;
      prompt) answer_prompt ;;
      end) guest_stop ;;
      limit)
        ((${#faults[@]} > 0)) || faults+=("still running after $limit_seconds s: a hang")
        [[ -z $guest_line ]] || last_lines+=("$guest_line")
        guest_stop now
        return
        ;;
    esac
  done
  judge_end
}

judge_end() {
  if ((guest_status > 128)); then
    ((${#faults[@]} > 0)) || faults+=("QEMU died of signal $((guest_status - 128))")
  elif [[ $want_exit == success ]] && ((guest_status != 0)); then
    faults+=("QEMU ended with $guest_status, expected success")
  elif [[ $want_exit == failure ]] && ((guest_status == 0)); then
    faults+=("QEMU ended with success, expected a failure")
  fi
}

judge_disk() {
  local rule text found
  for rule in "${disk_texts[@]}"; do
    text=${rule#* }
    found=$(tail -c "+$((${rule%% *} + 1))" "$directory/disk" | head -c "${#text}" | tr '\0' '?')
    [[ $found == "$text" ]] || faults+=("the disk has not '$text' at ${rule%% *}, but '$found'")
  done
}

main() {
  local directory=${TEST_TMPDIR:-$(mktemp -d)}
  read_scenario "$1" || exit 2
  trap 'guest_stop now' EXIT
  ktap_start
  guest_start "$directory" "${command[@]}" || exit 2
  watch
  guest_elapsed

  if ((expected < ${#expectations[@]})); then
    faults+=("missing, in this order: ${expectations[expected]}")
  fi
  judge_disk
  if ((typed_count < ${#typed[@]})); then faults+=("never typed: ${typed[typed_count]}"); fi
  if [[ $want_ktap == yes ]]; then
    ktap_finish
    [[ -z $ktap_fault || -n ${ktap_reported-} ]] || faults+=("KTAP: $ktap_fault")
  fi

  local milliseconds=$((guest_microseconds / 1000)) one
  if ((${#faults[@]} == 0)); then
    printf '%s\n' "${last_lines[@]}"
    echo "PASSED in $milliseconds ms${ktap_summary:+, $ktap_summary}"
    exit 0
  fi
  printf '%q ' "${command[@]}"
  printf '\n--- the last lines of the guest ---\n'
  ((${#last_lines[@]} > 0)) && printf '%s\n' "${last_lines[@]}" || echo '(it printed nothing)'
  echo "--- FAILED after $milliseconds ms ---"
  for one in "${faults[@]}"; do printf '%s\n' "$one"; done
  exit 1
}

main "$@"
