#!/bin/bash
# What layoutcheck must not accept: layouts that the guest was not built from, and a guest whose page tables were changed
# behind its back. Each row names the region and the fault that it must find.
#   fault_test.sh IMAGE MACHINE CPU MEMORY QEMU KERNEL ELF LAYOUTCHECK LAYOUT CHANGE_ENTRY
set -u
export LC_ALL=C
root=$PWD
source "$root/testing/boot/guest.sh" || exit 2
source "$root/tools/boot/machines.sh" || exit 2
source "$root/testing/layoutcheck/boot.sh" || exit 2
layoutcheck=$root/$8 layout=$root/$9 change_entry=$root/${10}
cd "$TEST_TMPDIR" || exit 2
trap 'guest_stop now' EXIT
failures=0 rows=0

# Sets output; row NAME WANTED_STATUS FILE PATTERN...: the output matches each pattern, a POSIX extended one.
row() {
  local name=$1 wanted=$2 file=$3 status pattern
  shift 3
  output=$("$layoutcheck" --gdb=unix:gdb --layout="$file" 2>&1)
  status=$?
  ((++rows))
  for pattern; do
    if [[ $status == "$wanted" && $output =~ $pattern ]]; then continue; fi
    ((++failures))
    printf 'FAILED %s: wanted %s and "%s"; it ended with %s:\n%s\n\n' "$name" "$wanted" "$pattern" "$status" "$output"
    return
  done
}

# other_layout NAME REGION PATTERN SED...: the layout, changed, does not fit: the fault is in REGION.
other_layout() {
  local name=$1 region=$2 pattern=$3
  shift 3
  sed "$@" "$layout" >other.json
  if cmp -s "$layout" other.json; then die "$name changes nothing"; fi
  row "$name" 1 other.json " $region +[0-9]+ faults?, " "$pattern" "LAYOUT FAULT "
}

# other_tables NAME REGION PATTERN COMMAND...: what change_entry COMMAND does to the tables does not fit.
other_tables() {
  local name=$1 region=$2 pattern=$3 before place
  shift 3
  before=$("$change_entry" unix:gdb "$@") || die "$name: $before"
  row "$name" 1 "$layout" " $region +[0-9]+ faults?, " "$pattern" "LAYOUT FAULT "
  while read -r place; do
    # shellcheck disable=SC2086  # three words
    "$change_entry" unix:gdb put $place || die "$name: cannot put it back"
  done <<<"$before"
}

boot_guest "$1" "$2" "$3" "$4" "$root/$5" "$root/$6" -gdb unix:path=gdb,server=on,wait=off
row 'as it is' 0 "$layout" 'LAYOUT OK '

direct=$(region_with service 'direct map')
# Where the kernel's code is: the one row of the kernel that may have any right.
image=$(region_with kernel 'w^x')
# Where areas are: in a region of their own, or else in the kernel heap's.
areas=$(region_with service vmalloc)
areas=${areas:-$(region_with service 'kernel heap')}
readonly only_first_page='s/"first": "\(0x[0-9a-f]*\)000", "last": "[^"]*"/"first": "\1000", "last": "\1fff"/'

# A layout with several tables is changed in all of them. What user mode may do, the kernel may.
if grep -q "\"name\": \"$image\", .*\"user\": \"---\"" "$layout"; then
  other_layout 'a right taken away' "$image" 'more access than the region allows: user --- kernel r-x, allowed' \
    -e "/\"name\": \"$image\"/s/\"kernel\": \"[^\"]*\"/\"kernel\": \"rw-\"/"
else
  other_layout 'an image that is not shared' "$image" 'user access: user r-x kernel r-x' \
    -e "/\"name\": \"$image\"/s/\"user\": \"[^\"]*\"/\"user\": \"---\"/"
  other_layout 'parts in another order' "$image" "not the rights of the image's part: user r-- kernel r--, where part 'text'" \
    -e '/"name": "rodata"/s/"user": "r--"/"user": "rw-"/'
fi
other_layout 'an unused region over something mapped' "$areas" 'mapping in an unused region: user --- kernel rw-' \
  -e "/\"name\": \"$areas\"/s/\"kernel\": \"[^\"]*\"/\"kernel\": \"---\"/" \
  -e "/\"name\": \"$areas\"/s/\"service\": \"[^\"]*\"/\"service\": \"unused\"/"
# The first page that is shown: RAM's, or that after a page of firmware's.
other_layout 'another direct map' "$direct" 'direct map shows other memory: shows 0x[0-9a-f]+ instead of 0x000000000000[78]000' \
  -e 's/"direct_map_target": "[^"]*"/"direct_map_target": "0x7000"/'
other_layout 'another scope' "$direct" 'wrong scope: is global' \
  -e "/\"name\": \"$direct\"/s/\"scope\": \"[^\"]*\"/\"scope\": \"process\"/"
other_layout 'devices where none are allowed' "$areas" 'wrong caching: (uncached|device) mapping of what is no RAM at ' \
  -e "/\"name\": \"$areas\"/s/\"caching\": \"[^\"]*\"/\"caching\": \"normal\"/"
other_layout 'another load address' "$image" 'image is elsewhere: shows 0x[0-9a-f]* instead of 0x0000000000009000' \
  -e 's/"image_load_base": "[^"]*"/"image_load_base": "0x9000"/'

sed -e 's/"promised_ram_bytes": [0-9]*,//' -e "/\"name\": \"$direct\"/$only_first_page" "$layout" >other.json
row 'a region that ends early' 1 other.json 'outside every region: [0-9]+ faults?' "$(region_base "$direct" | cut -c1-15)"
# Without the comma that a last row leaves.
sed -e "/\"name\": \"$direct\"/d" "$layout" | sed -z 's/},\n    ]/}\n    ]/g' >other.json
row 'a region missing' 1 other.json 'outside every region: [0-9]+ faults?' 'mapping outside every region'

# Files that are no kernel's image: this program, whose segments share pages, and one that is no program.
for file in "$layoutcheck: the segment at 0x* does not start with a page" "$layout: this is no ELF file" './none: cannot be read'; do
  output=$("$layoutcheck" --gdb=unix:gdb --layout="$layout" --image="${file%%: *}" 2>&1)
  # shellcheck disable=SC2053  # a pattern
  [[ $? == 2 && $output == *$file ]] || die "--image=${file%%: *}: $output"
done

# Layouts that say nothing, or nothing about this machine.
row 'no layout' 2 missing.json 'missing.json: cannot be read'
echo '{"layout": "a", "address_bits": 32, "regions": [{"name": "b"}]}' >other.json
row 'a layout without a key' 2 other.json "other.json: table 1, region 1 'b': \"first\": is missing"
echo '{"layout": "a", "address_bits": 40, "regions": [{"name": "b", "first": 0, "last": 4095, "user": "---", "kernel": "---"}]}' \
  >other.json
row 'another machine' 2 other.json 'the layout has 0 tables for [0-9]+ address bits'

# Live tables, changed. The guest is stopped from the first change on and never runs with them.
link_base=$(sed -n 's/.*"image_link_base": "\([^"]*\)".*/\1/p' "$layout" | tail -n 1)
device=$(printf '%#x' $(($(region_base "$areas") + 0x1000)))
case $1 in
  x86_64_*)
    # Present 0, writable 1, page size 7, execute disable 63. The first page of RAM is the firmware's.
    data=$(printf '%#x' $(($(region_base "$direct") + 0x1000)))
    large=$(printf '%#x' $(($(region_base "$direct") + 0x1000000)))
    other_tables 'code made writable' "$image" 'writable and executable: user --- kernel rwx' change "$link_base" 0 2
    other_tables 'data made executable' "$direct" 'writable and executable: user --- kernel rwx' change "$data" 0x8000000000000000 0
    other_tables 'opened to user mode' "$direct" 'user access: user rw- kernel rw-' open "$data" 0 0
    other_tables 'a large page taken out' "$direct" 'hole in the direct map: RAM at 0x0000000001000000' change "$large" 1 0
    other_tables 'a large page moved' "$direct" 'direct map shows other memory: shows 0x0000000001200000 instead of' change "$large" 0 0x200000
    other_tables 'an entry that the processor refuses' "$direct" 'broken page table: .*address is not aligned' change "$large" 0 0x2000
    other_tables 'a page not global' "$direct" 'wrong scope: is not global' change "$data" 0x100 0
    other_tables 'RAM not cached' "$direct" 'wrong caching: uncached mapping of RAM' change "$data" 0 0x18
    other_tables 'a device page that shows code' "$areas" 'writable alias of code: the frame at 0x0000000000100000' \
      change "$device" 0xfffffff000 0x100000
    ;;
  arm_*)
    # Small pages: XN 0, AP[1:0] 5:4, AP[2] 9, nG 11. Sections: type 1:0, XN 4, AP[1:0] 11:10.
    find_small_page
    data=$small_page
    large=$(printf '%#x' $(($(region_base "$direct") + 0x800000)))
    other_tables 'code made writable' "$image" 'writable and executable: user (---|rwx) kernel rwx' change "$link_base" 0x200 0
    other_tables 'data made executable' "$direct" 'writable and executable: user --- kernel rwx' change "$large" 0x11 0
    other_tables 'opened to user mode' "$direct" 'user access: user rw- kernel rw-' change "$data" 0 0x30
    other_tables 'user mode reads a section' "$direct" 'user access: user r-- kernel rw-' change "$large" 0xc00 0x800
    other_tables 'a section taken out' "$direct" 'hole in the direct map: RAM at 0x0000000040800000' change "$large" 3 0
    other_tables 'a section moved' "$direct" 'direct map shows other memory: shows 0x0000000040900000 instead of' change "$large" 0 0x100000
    other_tables 'a page not global' "$direct" 'wrong scope: is not global' change "$data" 0 0x800
    other_tables 'RAM as a device' "$direct" 'wrong caching: device mapping of RAM' change "$data" 0x1c8 0x4
    other_tables 'a device page that shows code' "$areas" 'writable alias of code: the frame at 0x0000000040010000' \
      change "$device" 0xfffff000 0x40010000
    ;;
esac
# Scratchpad and boot stack with a region of their own, at either end of that.
scratch=$(region_with service 'boot scratchpad')
if [[ -n $scratch ]]; then
  first_page=$(region_base "$scratch")
  last_page=$(printf '%#x' $(($(region_last "$scratch") - 0xfff)))
  other_tables 'a boot stack made executable' "$scratch" 'writable and executable: user --- kernel rwx' \
    change "$last_page" 0x8000000000000000 0
  other_tables 'a boot stack that shows code' "$scratch" 'writable alias of code: the frame at 0x0000000000100000' \
    change "$last_page" 0xfffffff000 0x100000
  other_tables 'a scratchpad opened to user mode' "$scratch" 'user access: user rw- kernel rw-' open "$first_page" 0 0
  other_layout 'a boot stack where nothing may be' "$scratch" 'mapping in an unused region: user --- kernel rw-' \
    -e "/\"name\": \"$scratch\"/s/\"kernel\": \"[^\"]*\"/\"kernel\": \"---\"/" \
    -e "/\"name\": \"$scratch\"/s/\"service\": \"[^\"]*\"/\"service\": \"unused\"/"
fi
row 'all put back' 0 "$layout" 'LAYOUT OK '

echo "$rows rows, $failures failed"
((failures == 0))
