#!/bin/bash
# Draws the page tables of a running machine: bazelw run //tools:explore [-- OPTION...].
#
# Boots an image in QEMU, lets layoutcheck read its page tables from outside, and joins what that says with the page in
# this directory to one file. The machine is stopped from the first byte read on and never runs again.
set -u
export LC_ALL=C

readonly program=explore
# Bazel puts what a program needs beside it.
runfiles=$(cd "${RUNFILES_DIR:-$0.runfiles}" && pwd) || exit 2
readonly runfiles root=$runfiles/atlas
# shellcheck source=tools/boot/machines.sh
source "$root/tools/boot/machines.sh" || exit 2
# shellcheck source=/dev/null
source "$root/tools/boot/image_names.sh" || exit 2
# shellcheck source=tools/boot/choice.sh
source "$root/tools/boot/choice.sh" || exit 2
# shellcheck source=testing/boot/guest.sh
source "$root/testing/boot/guest.sh" || exit 2
# shellcheck source=testing/layoutcheck/boot.sh
source "$root/testing/layoutcheck/boot.sh" || exit 2
# shellcheck source=tools/explore/page.sh
source "$root/tools/explore/page.sh" || exit 2

readonly layoutcheck=$root/tools/layoutcheck/layoutcheck
readonly most_images=2
readonly found_faults=1
# Paths of options are the caller's. layoutcheck would go there, too.
caller=${BUILD_WORKING_DIRECTORY:-$PWD}
unset BUILD_WORKING_DIRECTORY

help() {
  cat <<HELP
Boots an image, reads its page tables from outside, and writes one HTML page that shows them: from the whole address
space down to a single page, beside what its layout declares. The page needs a browser and no network.

  bazelw run //tools:explore [-- OPTION...]

  --image=NAME     which image: ${image_names[*]}  (default ${image_names[0]})
                   Twice: two of them side by side, compared. The options below are of the --image before them.
  --memory=SIZE    RAM, a number with M or G  (default $default_memory)
  --machine=NAME   the board
  --cpu=NAME       the processor
  --output=FILE    the page  (default page_tables_IMAGE.html in the current directory; replaced if it is there)
  --help           this text

Ends with 0 if the tables are as the layout says, with 1 if not (the page shows what is wrong), with 2 if there is no page.

HELP
  print_choices
}

# Of testing/layoutcheck/boot.sh.
die() {
  echo "explore: $1" >&2
  exit 2
}

say() { echo "explore: $1" >&2; }

# One entry for each image.
images=() memories=() boards=() processors=()
output=''

add_image() {
  ((${#images[@]} < most_images)) || refuse "a third image, '$1'; two can be compared"
  images+=("$1") memories+=("$default_memory") boards+=('') processors+=('')
}

# set_choice ARRAY VALUE: of the last image.
set_choice() {
  local -n choices=$1
  ((${#images[@]})) || add_image "${image_names[0]}"
  choices[-1]=$2
}

read_options() {
  local option
  for option; do
    case $option in
      --image=*) add_image "${option#*=}" ;;
      --memory=*) set_choice memories "${option#*=}" ;;
      --machine=*) set_choice boards "${option#*=}" ;;
      --cpu=*) set_choice processors "${option#*=}" ;;
      --output=) refuse "--output needs a file: --output=..." ;;
      --output=*) output=${option#*=} ;;
      --help | -h) help; exit 0 ;;
      --image | --memory | --machine | --cpu | --output) refuse "$option needs a value: $option=..." ;;
      *) refuse "no option '$option'; there are --image= --memory= --machine= --cpu= --output= --help" ;;
    esac
  done
  ((${#images[@]})) || add_image "${image_names[0]}"
}

# choose INDEX: sets image, machine, cpu and memory, and the facts of machines.sh.
choose() { image=${images[$1]} machine=${boards[$1]} cpu=${processors[$1]} memory=${memories[$1]}; }

check_options() {
  local index name
  for index in "${!images[@]}"; do
    choose "$index"
    check_choice
    boards[index]=$machine processors[index]=$cpu
  done
  name=${images[0]}
  if ((${#images[@]} == 2)); then name+=_${images[1]}; fi
  output=${output:-page_tables_$name.html}
  [[ $output == /* ]] || output=$caller/$output
  [[ ! -d $output ]] || refuse "$output is a directory; --output= is a file"
  [[ ! -e $output || -w $output ]] || refuse "$output cannot be written to; --output= may name another file"
  [[ -d ${output%/*}/ ]] || refuse "${output%/*} is no directory: $output cannot be written"
  [[ -e $output || -w ${output%/*}/ ]] || refuse "${output%/*} cannot be written to; --output= may name another place"
}

# dump INDEX: boots the image and writes dump.INDEX; sets status to layoutcheck's.
dump() {
  choose "$1"
  describe_image "$image"
  say "boots $image on $machine with $cpu and $memory of memory"
  boot_guest "$image" "$machine" "$cpu" "$memory" "$runfiles/qemu/bin/$qemu_program" "$root/tools/boot/$image" \
    -gdb unix:path=gdb,server=on,wait=off
  say 'stops it and reads its page tables'
  local layout=$root/tools/explore/$image.json
  "$layoutcheck" --gdb=unix:gdb --layout="$layout" --json --leave-stopped >checked
  status=$?
  ((status <= found_faults)) || die "the page tables of $image cannot be read"
  guest_stop now
  print_dump "$image" "$machine" "$cpu" "$memory" checked "$layout" >"dump.$1" || die 'the disk is full'
}

main() {
  local index status faulty=0
  read_options "$@"
  check_options
  work=$(mktemp -d "${TMPDIR:-/tmp}/explore.XXXXXX") || exit 2
  trap 'guest_stop now; rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  # Where the sockets are: a socket's path is short.
  cd "$work" || exit 2
  for index in "${!images[@]}"; do
    dump "$index"
    if ((status == found_faults)); then
      faulty=1
      say "${images[index]} is not as its layout says"
    fi
  done
  print_page "$root/tools/explore" dump.* >page || die 'the disk is full'
  # Not moved: a file that is there keeps its rights and whatever links to it.
  cat page >"$output" || die "$output cannot be written"
  say "wrote $output, $(($(wc -c <page) / 1024)) KiB"
  exit "$faulty"
}

main "$@"
