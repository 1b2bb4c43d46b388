#!/bin/bash
# The boot test runner's own test: each row is a guest (a few lines of bash) and what the runner must say of it.
set -u
runner=$1
directory=${TEST_TMPDIR:?}
failures=0 rows=0

# row NAME VERDICT SAYING SCENARIO GUEST
#   VERDICT  pass or fail;  SAYING  text the runner must print;  SCENARIO  its lines but command;  GUEST  a script
row() {
  local name=$1 verdict=$2 saying=$3 scenario=$4 guest=$5 output status
  printf '%s\n' "$guest" >"$directory/guest.sh"
  {
    printf 'command %s\n' /bin/bash "$directory/guest.sh"
    [[ $scenario == *exit\ * ]] || echo 'exit success'
    [[ $scenario == *seconds\ * ]] || echo 'seconds 5'
    printf '%s\n' "$scenario" | grep -v '^$'
  } >"$directory/scenario"
  output=$("$runner" "$directory/scenario" 2>&1)
  status=$?
  ((++rows))
  case $verdict:$status in
    pass:0 | fail:1) [[ $output == *"$saying"* ]] && return ;;
  esac
  ((++failures))
  printf 'FAILED %s: wanted %s and "%s"; the runner ended with %s:\n%s\n\n' \
    "$name" "$verdict" "$saying" "$status" "$output"
}

ok='echo "Atlas test"; echo done'

# Ends and lines.
row 'quiet success' pass 'PASSED' '' "$ok"
row 'expected line' pass 'PASSED' 'expect done' "$ok"
row 'carriage returns' pass 'PASSED' 'expect-match ^done$' 'printf "done\r\n"'
row 'last line unfinished' pass 'PASSED' 'expect-match ^done$' 'printf done'
row 'expected failure' pass 'PASSED' 'exit failure' "$ok; exit 33"
row 'missing line' fail 'missing, in this order: expect nowhere' 'expect nowhere' "$ok"
row 'silent guest' fail '(it printed nothing)' 'expect done' 'exit 0'
row 'wrong order' fail 'missing, in this order: expect b' $'expect a\nexpect b' 'echo b; echo a'
row 'one line twice' fail 'missing, in this order: expect a' $'expect a\nexpect a' 'echo a'
row 'text is no pattern' fail 'missing' 'expect d.ne' "$ok"
# The line ends just when the runner would take the silence after it for something else.
pauses='' pausing=''
for ((i = 0; i < 40; ++i)); do
  pauses+=$'\n'"expect-match ^line $i\$"
  pausing+="printf 'line $i'; sleep 0.0$((170 + i)); echo; "
done
row 'pauses within lines' pass 'PASSED' "${pauses#?}" "$pausing"
row 'pattern' pass 'PASSED' 'expect-match ^d.n[ef]$' "$ok"
row 'wrong exit' fail 'QEMU ended with 3, expected success' '' "$ok; exit 3"
row 'no failure' fail 'QEMU ended with success, expected a failure' 'exit failure' "$ok"
row 'killed' fail 'QEMU died of signal 9' 'exit failure' 'kill -9 $$'
row 'cannot start' fail 'QEMU ended with 127' '' 'exec /no/such/program'
row 'panic' fail 'forbidden line: PANIC: stack' $'forbid PANIC:\nexit failure' 'echo PANIC: stack; exit 3'
row 'panic keeps its backtrace' fail '#0 0x10 main' 'forbid PANIC:' 'echo PANIC: x; sleep 0.1; echo "#0 0x10 main"'
row 'forbidden pattern' fail 'forbidden line: took 7 s' 'forbid-match took [0-9]+ s' 'echo took 7 s'
row 'no banner' pass 'PASSED' 'expect done' "$ok; echo Atlas 6.1"
row 'restart' fail 'the guest restarted' '' 'echo "Atlas test"; echo "Atlas test"'

# The documentation's digest.
printf 'Digest `0123abcd`\n' >"$directory/page"
row 'known digest' pass 'PASSED' "page $directory/page" 'echo "LAYOUT OK osz regions=1 digest=0123abcd"'
row 'unknown digest' fail 'does not know the digest 0123abce' "page $directory/page" \
  'echo "LAYOUT OK osz regions=1 digest=0123abce"'

# Hangs.
row 'hang' fail 'still running after 1 s: a hang' 'seconds 1' "$ok; sleep 60"
row 'hang shows its last words' fail 'waiting for the timer' 'seconds 1' 'echo waiting for the timer; sleep 60'
row 'hang within a line' fail 'half a li' 'seconds 1' 'printf "half a li"; sleep 60'
row 'endless talk' fail 'a hang' 'seconds 1' 'while :; do echo again; done'
row 'endless line' fail 'a hang' 'seconds 1' 'while :; do printf x; done'

# The prompt.
monitor='while printf "atlas> "; do read -r line; echo "$line"; [[ $line != off ]] || exit 0; done'
row 'typing' pass 'PASSED' $'type help\ntype off\nexpect atlas> help\nexpect atlas> off' "$monitor"
row 'another prompt' pass 'PASSED' $'prompt / # \ntype exit\nexpect-match ^/ # exit$' \
  'printf "/ # "; read -r line; echo "$line"'
row 'not the prompt' fail 'a hang' $'seconds 1\nprompt / # \ntype off' "$monitor"
row 'nothing to type' fail 'nothing more to type' 'type help' "$monitor"
row 'never asked' fail 'never typed: off' 'type off' "$ok"
row 'reboot' pass 'PASSED' $'type reboot\ntype off\nexpect Atlas\nexpect Atlas' \
  'for boot in 1 2; do echo Atlas boot $boot; printf "atlas> "; read -r line; done'

# KTAP.
good=$'KTAP version 1\n1..2\nok 1 - a\nok 2 - b'
ktap() { row "KTAP: $1" "$2" "$3" 'ktap yes' "printf '%s\n' '$4'"; }
ktap 'good' pass '2 tests, 0 skipped' "$good"
ktap 'amid talk' pass '2 tests' $'Atlas\nbooks are ok\nKTAP version 1\n1..2\nok 1 - a\nhello\nok 2 - b\nbye'
ktap 'one skipped' pass '2 tests, 1 skipped' $'KTAP version 1\n1..2\nok 1 - a\nok 2 - b # SKIP no timer'
ktap 'not ok' fail 'KTAP: not ok 1 - a' $'KTAP version 1\n1..2\nnot ok 1 - a\nok 2 - b'
ktap 'failed subtest' fail 'KTAP: not ok 1 - deep' $'KTAP version 1\n1..1\n    not ok 1 - deep\nok 1 - a'
ktap 'truncated' fail 'planned 3 tests, 1 reported' $'KTAP version 1\n1..3\nok 1 - a'
ktap 'too many' fail 'planned 1 tests, 2 reported' $'KTAP version 1\n1..1\nok 1 - a\nok 2 - b'
ktap 'out of step' fail 'expected result 2, found: ok 3 - b' $'KTAP version 1\n1..2\nok 1 - a\nok 3 - b'
ktap 'no test' fail 'no test at all' $'KTAP version 1\n1..0'
ktap 'only skipped' fail 'all 1 tests were skipped' $'KTAP version 1\n1..1\nok 1 - a # SKIP'
ktap 'no plan' fail 'a result before the plan' $'KTAP version 1\nok 1 - a'
ktap 'no version' fail 'a plan before the version line' $'1..1\nok 1 - a'
ktap 'silence' fail "no line 'KTAP version 1'" ''
ktap 'bail out' fail 'KTAP: Bail out! no memory' $'KTAP version 1\n1..1\nBail out! no memory'
ktap 'restarted' fail 'a second report began' "$good"$'\n'"$good"

# A long report is shown from its end.
row 'last 40 lines' fail $'---\n61\n' 'expect nowhere' 'for ((i = 1; i <= 100; ++i)); do echo $i; done'

# A scenario nobody can read is refused before anything starts.
printf 'comand ls\n' >"$directory/scenario"
output=$("$runner" "$directory/scenario" 2>&1)
if [[ $? != 2 || $output != *"unknown key in 'comand ls'"* ]]; then
  ((++failures))
  echo "FAILED unknown key: $output"
fi

echo "$rows rows, $failures failed"
((failures == 0))
