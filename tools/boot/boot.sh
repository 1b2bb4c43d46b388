#!/bin/bash
# Boots an image in QEMU with its serial console on this terminal: bazelw run //:boot [-- OPTION...].
set -u

# Bazel puts what a program needs beside it.
readonly runfiles=${RUNFILES_DIR:-$0.runfiles}
readonly root=$runfiles/atlas
# shellcheck source=tools/boot/machines.sh
source "$root/tools/boot/machines.sh" || exit 2
# shellcheck source=tools/boot/choice.sh
source "$root/tools/boot/choice.sh" || exit 2
# shellcheck source=/dev/null
source "$root/tools/boot/image_names.sh" || exit 2

readonly program=boot
readonly gdb_address=127.0.0.1
readonly first_port=1024 last_port=65535

help() {
  cat <<HELP
Boots an image in QEMU with its serial console on this terminal, and a shell on it. There 'poweroff' ends it, Ctrl-C what
the shell runs, and Ctrl-A X the machine at once; in the monitor 'off' or Ctrl-C.

  bazelw run //:boot [-- OPTION...]

  --image=NAME     which image: ${image_names[*]}  (default ${image_names[0]})
  --memory=SIZE    RAM, a number with M or G  (default $default_memory)
  --machine=NAME   the board
  --cpu=NAME       the processor
  --disk=FILE      a raw image, which the guest has as /dev/vda; what it writes there stays
  --run=COMMAND    run that instead of a shell, then switch the machine off
  --monitor        stop in the kernel's monitor, without programs
  --gdb[=PORT]     wait for a debugger on loopback before the first instruction  (default port 1234)
  --help           this text

HELP
  print_choices
}

image=${image_names[0]} memory=$default_memory machine='' cpu='' disk='' has_disk='' gdb_port='' run='' monitor=no

readonly sector_bytes=512

# With less memory than this, in MiB, the root file system is one of shell and tools alone.
readonly whole_root_mib=64

read_options() {
  local option
  for option; do
    case $option in
      --image=*) image=${option#*=} ;;
      --memory=*) memory=${option#*=} ;;
      --machine=*) machine=${option#*=} ;;
      --cpu=*) cpu=${option#*=} ;;
      --disk=*) disk=${option#*=} has_disk=yes ;;
      --run=*) run=${option#*=} ;;
      --monitor) monitor=yes ;;
      --gdb) gdb_port=1234 ;;
      --gdb=*) gdb_port=${option#*=} ;;
      --help | -h) help; exit 0 ;;
      --image | --memory | --machine | --cpu | --disk | --run) refuse "$option needs a value: $option=..." ;;
      *) refuse "no option '$option'; there are --image= --memory= --machine= --cpu= --disk= --run= --monitor --gdb[=] --help" ;;
    esac
  done
}

check_port() {
  if ! [[ $gdb_port =~ ^[1-9][0-9]{0,4}$ ]] || ((gdb_port < first_port || gdb_port > last_port)); then
    refuse "'$gdb_port' is no port for a debugger; one is a number from $first_port to $last_port"
  fi
}

add_disk() {
  local file=$disk bytes
  # Bazel starts programs elsewhere than where they were asked for.
  [[ $file == /* ]] || file=${BUILD_WORKING_DIRECTORY:-$PWD}/$file
  [[ -f $file ]] || refuse "there is no file '$disk' to be a disk"
  [[ -r $file && -w $file ]] || refuse "the disk '$disk' may not be read and written"
  bytes=$(stat -L -c %s -- "$file") || exit 2
  if ((bytes == 0 || bytes % sector_bytes != 0)); then
    refuse "the disk '$disk' has $bytes bytes; one has whole sectors of $sector_bytes"
  fi
  disk_options "$file"
}

# The debugger that knows the image's processor, as Debian names it.
print_gdb_command() {
  local gdb=gdb
  [[ $qemu_program == *x86_64 ]] || gdb=gdb-multiarch
  echo "boot: stopped before the first instruction; attach from the checkout with"
  printf '  %s %q -ex %q\n' "$gdb" "$root/tools/boot/$image.elf" "target remote $gdb_address:$gdb_port"
}

# What starts in the guest, and so whose Ctrl-C is: QEMU's (signal=on), or the shell's.
add_programs() {
  local root_file_system=initrd cpu_of_image=${image%_*} mib=${memory%[MG]}
  if [[ $monitor == yes ]]; then
    qemu_options+=(-chardev stdio,id=terminal,signal=on -serial chardev:terminal)
    return
  fi
  [[ $memory != *G ]] || mib=$((mib * 1024))
  ((mib >= whole_root_mib)) || root_file_system=initrd_small
  qemu_options+=(-chardev stdio,id=terminal,signal=off,mux=on -serial chardev:terminal)
  qemu_options+=(-initrd "$root/userspace/${root_file_system}_$cpu_of_image.cpio")
  [[ -z $run ]] || qemu_options+=(-append "run=\"$run\"")
}

main() {
  read_options "$@"
  check_choice
  [[ -z $gdb_port ]] || check_port
  qemu_options=()
  machine_options "$machine" "$cpu" "$memory"
  [[ -z $has_disk ]] || add_disk
  add_programs
  if [[ -n $gdb_port ]]; then
    print_gdb_command
    qemu_options+=(-S -gdb "tcp:$gdb_address:$gdb_port")
  fi

  # QEMU puts the terminal into raw mode and back; should it die, this does.
  if [[ -t 0 ]]; then
    local terminal_settings
    terminal_settings=$(stty -g)
    trap 'stty "$terminal_settings"' EXIT
  fi
  # The terminal sends Ctrl-C to QEMU as well: wait for it to end, then say how it ended.
  local interrupted=no status
  trap 'interrupted=yes' INT
  "$runfiles/qemu/bin/$qemu_program" "${qemu_options[@]}" -kernel "$root/tools/boot/$image"
  status=$?
  if [[ $interrupted == yes ]]; then status=130; fi  # as a shell reports an interrupted program
  exit "$status"
}

main "$@"
