#!/bin/bash
# Boots Linux as Debian builds it with a root file system of ours: what runs there is right before our kernels run it.
#   linux_test.sh tests|shell CPU MEMORY CONSOLE QEMU KERNEL INITRD
# tests: with run=/test/all, whose report has to be good.
# shell: types at the shell, and switches the machine off there.
set -u
export LC_ALL=C
root=$PWD
source "$root/testing/boot/guest.sh" || exit 2
source "$root/testing/boot/ktap.sh" || exit 2
what=$1 cpu=$2 memory=$3 console=$4 qemu=$root/$5 kernel=$root/$6 initrd=$root/$7
cd "$TEST_TMPDIR" || exit 2
trap 'guest_stop now' EXIT
# Either takes some 20 s; the machine may have others to do at the same time.
readonly limit_seconds=250
guest_prompt='/ # '

die() {
  printf 'FAILED %s\n' "$1"
  exit 1
}

case $cpu in
  cortex-*) machine=virt ;;
  *) machine=q35 ;;
esac
case $what in
  tests) words='run=/test/all' ;;
  shell) words='' ;;
  *) die "no test '$what'" ;;
esac

guest_start . "$qemu" -accel tcg -machine "$machine" -cpu "$cpu" -m "$memory" -nodefaults -display none -nic none \
  -no-reboot -serial stdio -kernel "$kernel" -initrd "$initrd" -append "console=$console quiet panic=-1 $words" ||
  die 'QEMU does not start'

# Reads on until the guest waits or ends; what it printed is in the array heard.
listen() {
  heard=()
  while guest_next "$limit_seconds"; do
    case $guest_event in
      line)
        heard+=("$guest_line")
        echo "$guest_line"
        [[ $what != tests ]] || ktap_line "$guest_line"
        ;;
      limit) die "still running after $limit_seconds s; its last line: $guest_line" ;;
      *) break ;;
    esac
  done
}

# answer COMMAND WANTED: what it prints, without the line that was typed.
answer() {
  [[ $guest_event == prompt ]] || die "no prompt for '$1'"
  guest_type "$1"
  listen
  local found="${heard[*]:1}"
  [[ $found == $2 ]] || die "'$1' prints '$found' instead of '$2'"
}

ktap_start
listen
if [[ $what == tests ]]; then
  ktap_finish
  [[ -z $ktap_fault ]] || die "KTAP: $ktap_fault"
  [[ " ${heard[*]}" == *' init: /test/all: status 0'* ]] || die 'it did not end with 0'
  echo "PASSED $ktap_summary"
else
  [[ " ${heard[*]}" == *' Linux '*': busybox has '*' programs'* ]] || die 'no greeting'
  answer 'echo $((6 * 7)) >/tmp/a; cat /tmp/a' 42
  # The job ignores the signal for a moment: until it is a program of its own.
  answer 'sleep 100 & jobs; sleep 1; kill %1; wait %1; echo $?' '*Running*sleep 100*143*'
  answer 'tty; ps | grep -c " sh$"' '/dev/console 1'
  guest_type 'sleep 100'
  sleep 1
  printf '\003' >&"$guest_input_fd"  # ^C
  listen
  answer 'echo $?' 130
  # Another shell takes the place of one that ends.
  answer exit ''
  answer 'echo $0' 'sh'
  guest_type poweroff
  listen
  [[ $guest_event == end ]] || die 'poweroff does not end it'
  echo PASSED
fi
