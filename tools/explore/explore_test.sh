#!/bin/bash
# Tests explore.sh with a fake QEMU, which is a guest that boots, and a fake layoutcheck: what is refused, what is started,
# what becomes of the page, and that no machine is left running.
#   explore_test.sh EXPLORE PAGE MACHINES CHOICE IMAGE_NAMES GUEST BOOT
set -u
export LC_ALL=C
explore=$PWD/$1
failures=0 rows=0

# What Bazel would put beside explore.sh.
export RUNFILES_DIR=$TEST_TMPDIR/runfiles
root=$RUNFILES_DIR/atlas
mkdir -p "$root"/{tools/boot,tools/explore,tools/layoutcheck,testing/boot,testing/layoutcheck} "$RUNFILES_DIR/qemu/bin"
cp "$2" "$root/tools/explore/"
cp "$3" "$4" "$5" "$root/tools/boot/"
cp "$6" "$root/testing/boot/"
cp "$7" "$root/testing/layoutcheck/"
printf 'before\n@a.js@\n@dumps@\nafter\n' >"$root/tools/explore/page.html"
printf 'const a = "@dumps@";\n' >"$root/tools/explore/a.js"
for image in x86_64_osz x86_64_lfos arm_sos; do
  echo "[\"layout </script> of $image\"]" >"$root/tools/explore/$image.json"
done
for program in qemu-system-x86_64 qemu-system-arm; do
  cat >"$RUNFILES_DIR/qemu/bin/$program" <<'FAKE'
#!/bin/bash
echo "$$ $PWD ${0##*/} $*" >>"$TEST_TMPDIR/started"
echo "${FAKE_SAYS:-LAYOUT OK fake}"
printf 'atlas> '
exec sleep 100
FAKE
done
cat >"$root/tools/layoutcheck/layoutcheck" <<'FAKE'
#!/bin/bash
echo "layoutcheck $*, caller ${BUILD_WORKING_DIRECTORY-none}" >>"$TEST_TMPDIR/started"
[[ -z ${FAKE_WAITS-} ]] || { echo $$ >waiting && mv waiting "$TEST_TMPDIR/waits"; exec sleep 100; }
echo '{"checked": "</script>"}'
exit "${FAKE_STATUS:-0}"
FAKE
chmod +x "$RUNFILES_DIR"/qemu/bin/* "$root/tools/layoutcheck/layoutcheck"
export BUILD_WORKING_DIRECTORY=$TEST_TMPDIR/caller TMPDIR=$TEST_TMPDIR/tmp
mkdir -p "$BUILD_WORKING_DIRECTORY" "$TMPDIR"

fail() {
  ((++failures))
  printf 'FAILED %s\n%s\n\n' "$1" "$2"
}

# After a run: no QEMU, no file but the page.
check_nothing_left() {
  local pid rest
  while read -r pid rest; do
    [[ $rest != *qemu-system* ]] || ! kill -0 "$pid" 2>/dev/null || fail "$1" "QEMU still runs: $rest"
  done <"$TEST_TMPDIR/started"
  [[ -z $(ls -A "$TMPDIR") ]] || fail "$1" "left in TMPDIR: $(ls -R "$TMPDIR")"
}

# row STATUS SAYING OPTION...: explore.sh ends with STATUS and prints SAYING, a pattern; sets started.
row() {
  local want=$1 saying=$2 output status
  shift 2
  : >"$TEST_TMPDIR/started"
  output=$("$explore" "$@" 2>&1 </dev/null)
  status=$?
  started=$(<"$TEST_TMPDIR/started")
  ((++rows))
  # shellcheck disable=SC2053  # a pattern
  [[ $status == "$want" && $output == $saying ]] || fail "$* ended with $status:" "$output"
  check_nothing_left "$*"
}

# page FILE LINES: a row's page has the machines' texts, none of which ends its element, and so many lines.
page() {
  local text
  text=$(cat "$BUILD_WORKING_DIRECTORY/$1") || fail "no page $1" ''
  [[ $text == 'before'$'\n''const a = "@dumps@";'*'\u003c/script>'*'after' ]] || fail "$1" "$text"
  [[ $(wc -l <<<"$text") == "$2" ]] || fail "$1 has not $2 lines" "$text"
  [[ $(grep -c '</script>' <<<"$text") == "$(grep -c '<script' <<<"$text")" ]] || fail "$1 is open to scripts" "$text"
  rm "$BUILD_WORKING_DIRECTORY/$1"
}

row 0 '*boots x86_64_osz on q35 with max and 512M of memory*wrote */caller/page_tables_x86_64_osz.html, * KiB'
page page_tables_x86_64_osz.html 10
[[ $started == *'qemu-system-x86_64 '*'-machine q35,'*' -cpu max -m 512M '*'-gdb unix:path=gdb,'*'/x86_64_osz.json --json --leave-stopped, caller none' ]] ||
  fail 'what is started' "$started"
row 0 '*boots x86_64_lfos on pc with qemu64 and 1G of memory*' --image=x86_64_lfos --cpu=qemu64 --machine=pc --memory=1G --output=a.html
page a.html 10
row 0 '*boots arm_sos on virt with cortex-a7 and 64M*boots x86_64_osz on q35 with qemu64 and 512M*wrote */caller/page_tables_arm_sos_x86_64_osz.html*' \
  --image=arm_sos --cpu=cortex-a7 --memory=64M --image=x86_64_osz --cpu=qemu64
page page_tables_arm_sos_x86_64_osz.html 17
row 0 '*boots x86_64_osz on q35 with max*boots x86_64_osz on q35 with qemu64*' --cpu=max --image=x86_64_osz --cpu=qemu64
page page_tables_x86_64_osz_x86_64_osz.html 17
FAKE_STATUS=1 row 1 '*x86_64_osz is not as its layout says*wrote *' "--output=$BUILD_WORKING_DIRECTORY/faulty.html"
page faulty.html 10
row 0 '*  bazelw run //tools:explore*--image=NAME*x86_64_osz: --machine=q35|pc --cpu=max|*' --help

# No page, and what was there stays.
echo old >"$BUILD_WORKING_DIRECTORY/old.html"
FAKE_STATUS=2 row 2 '*explore: the page tables of x86_64_osz cannot be read' --output=old.html
FAKE_SAYS='panic: no memory' row 2 '*explore: the guest did not say LAYOUT OK' --output=old.html
[[ $(<"$BUILD_WORKING_DIRECTORY/old.html") == old ]] || fail 'a page of a failed run' ''

# What is refused, before anything starts.
row 2 "explore: no image 'kora'; there are: x86_64_osz *" --image=kora
row 2 "explore: no image ''; there are: *" --image=
row 2 "explore: arm_sos has no cpu 'max'; it has: cortex-a15 *" --image=arm_sos --cpu=max
row 2 "explore: arm_sos has no machine 'pc'; it has: virt" --image=x86_64_osz --machine=pc --image=arm_sos --machine=pc
row 2 "explore: '5' is no amount of memory; x86_64_osz takes 64M..16G, a number with M or G" --memory=5
row 2 "explore: a third image, 'arm_sos'; two can be compared" --image=arm_sos --image=arm_sos --image=arm_sos
row 2 'explore: --output needs a file: --output=...' --output=
row 2 'explore: --image needs a value: --image=...' --image arm_sos
row 2 "explore: no option '--gdb'; there are --image= *" --gdb
row 2 'explore: */caller/no is no directory: */caller/no/a.html cannot be written' --output=no/a.html
row 2 'explore: */caller/. is a directory; --output= is a file' --output=.
[[ -z $started ]] || fail 'started in spite of a refusal' "$started"

# Interrupted while it works: as a shell reports it.
: >"$TEST_TMPDIR/started"
FAKE_WAITS=yes "$explore" 2>/dev/null &
explore_pid=$!
until [[ -e $TEST_TMPDIR/waits ]]; do kill -0 "$explore_pid" 2>/dev/null || break; sleep 0.05; done
kill -TERM "$explore_pid"
# bash takes the signal when the program that it waits for has ended.
kill "$(<"$TEST_TMPDIR/waits")"
wait "$explore_pid"
status=$?
((++rows))
[[ $status == 130 ]] || fail 'interrupted' "it ended with $status"
check_nothing_left 'interrupted'

echo "$rows rows, $failures failed"
((failures == 0))
