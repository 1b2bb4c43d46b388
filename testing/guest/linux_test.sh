#!/bin/bash
# Runs a program that reports KTAP as the first process of Debian's Linux, or on this machine:
#   linux_test.sh RUN host PROGRAM
#   linux_test.sh RUN x86_64|arm QEMU KERNEL INITRD [ARGUMENT...]
# RUN is //testing/boot:run.sh, which judges the report. Time in QEMU passes by instructions: a busy machine does not
# change what a program sees.
set -u

readonly run=$PWD/$1 where=$2
shift 2
readonly scenario=$TEST_TMPDIR/scenario

# fact KEY VALUE...: a line for each value.
fact() {
  local key=$1
  shift
  printf "$key %s\n" "$@" >>"$scenario"
}

fact exit success
fact ktap yes
case $where in
  host)
    fact seconds 50
    fact command "$@"
    ;;
  x86_64 | arm)
    qemu=$1 kernel=$2 initrd=$3
    shift 3
    machine=(-machine q35 -cpu 'max,-la57' -vga none) console=ttyS0
    [[ $where == x86_64 ]] || machine=(-machine virt -cpu cortex-a15) console=ttyAMA0
    fact seconds 120
    fact command "$qemu" -accel tcg "${machine[@]}" -m 256M -nodefaults -display none -nic none -monitor none -no-reboot \
      -serial stdio -icount shift=0,sleep=off -kernel "$kernel" -initrd "$initrd" \
      -append "console=$console panic=-1 quiet -- $*"
    ;;
  *)
    echo "linux_test.sh: nowhere: $where" >&2
    exit 2
    ;;
esac
exec "$run" "$scenario"
