# A guest whose page tables are looked at from outside. Sourced; needs guest.sh and machines.sh.
#
#   start_guest IMAGE MACHINE CPU MEMORY QEMU KERNEL OPTION...  starts it
#   await_prompt                                                reads on to the prompt; sets said, what the kernel says
#                                                               of its own layout, and heard, all lines
#   boot_guest IMAGE MACHINE CPU MEMORY QEMU KERNEL OPTION...   both; the kernel has to be content with its layout
#   await_line PATTERN      reads on to a line that matches the extended regular expression, which is guest_line then;
#                           sets heard, all lines up to there
#   await_end               reads on to the guest's own end; sets heard, and guest_status
#   region_base NAME        an address in the last table of the file $layout
#   region_last NAME        likewise
#   region_with KEY VALUE   the name of a region there
#   find_small_page         sets small_page to the address of a page of its own in the direct map that the kernel may write
#                           and the image has not: one below the image, or else the last one. By $layoutcheck of the guest
#
# A socket's path is short: those of options are in the current directory.

# Since the guest was started; who sources this may have set another.
readonly limit_seconds=${limit_seconds:-20}

die() {
  printf 'FAILED %s\n' "$1"
  exit 1
}

start_guest() {
  local image=$1 machine=$2 cpu=$3 memory=$4 qemu=$5 kernel=$6
  shift 6
  describe_image "$image" || die "no image $image"
  qemu_options=()
  machine_options "$machine" "$cpu" "$memory"
  guest_start . "$qemu" "${qemu_options[@]}" -serial stdio -kernel "$kernel" "$@" || die 'QEMU does not start'
}

await_prompt() {
  local last=''
  said='' heard=()
  while :; do
    guest_next "$limit_seconds"
    case $guest_event in
      line)
        last=$guest_line heard+=("$guest_line")
        if [[ $guest_line == 'LAYOUT OK '* ]]; then said=$guest_line; fi
        ;;
      prompt) break ;;
      *) die "the guest did not get to its prompt; its last line: $last" ;;
    esac
  done
}

boot_guest() {
  start_guest "$@"
  await_prompt
  [[ -n $said ]] || die 'the guest did not say LAYOUT OK'
}

await_line() {
  heard=()
  while guest_next "$limit_seconds"; [[ $guest_event == line ]]; do
    heard+=("$guest_line")
    if [[ $guest_line =~ $1 ]]; then return; fi
  done
  die "no line '$1': $guest_event, after $(printf '%s\n' "${heard[@]}")"
}

await_end() {
  heard=()
  while guest_next "$limit_seconds"; [[ $guest_event == line ]]; do heard+=("$guest_line"); done
  [[ $guest_event == end ]] || die "the guest goes on: $guest_event $guest_line"
  guest_stop
}

region_base() { sed -n "s/.*\"name\": \"$1\", \"first\": \"\([^\"]*\)\".*/\1/p" "$layout" | tail -n 1; }
region_last() { sed -n "s/.*\"name\": \"$1\", .*\"last\": \"\([^\"]*\)\".*/\1/p" "$layout" | tail -n 1; }
region_with() { sed -n "s/.*\"name\": \"\([^\"]*\)\", .*\"$1\": \"$2\".*/\1/p" "$layout" | tail -n 1; }

find_small_page() {
  local direct key value first=0 last=0 page_bytes='' kernel='' image
  direct=$(region_with service 'direct map')
  image=$(sed -n 's/.*"image_link_base": "\([^"]*\)".*/\1/p' "$layout" | tail -n 1)
  small_page=''
  while read -r key value; do
    value=${value%,} value=${value//\"/}
    case $key in
      '"first":') first=$value ;;
      '"kernel":') kernel=$value ;;
      '"last":') last=$value ;;
      '"page_bytes":') page_bytes=$value ;;
      '"user":') # the last key of a mapping
        [[ $page_bytes == 4096 && $kernel == rw- && $value == --- ]] || continue
        ((first >= $(region_base "$direct") && last <= $(region_last "$direct"))) || continue
        small_page=$(printf '%#x' $((last - 0xfff)))
        ((last >= image)) || break
        ;;
    esac
  done < <("$layoutcheck" --gdb=unix:gdb --list --json)
  [[ -n $small_page ]] || die 'the direct map has no page of its own beside the image'
}
