# Reports in KTAP, for the test scripts of the root file systems. Sourced; any POSIX shell will do.
#
#   plan N                   begins a report of N tests
#   check NAME COMMAND...    a test: the command ends with 0; what it prints is shown when it does not
#   is NAME WANTED FOUND     a test: the two are the same
#   finish                   ends the report, and the script with 1 if a test failed
#
# Files of the tests are in the directory $scratch, which finish removes.

tests=0 failures=0
scratch=$(mktemp -d) || exit 1

plan() { printf 'KTAP version 1\n1..%d\n' "$1"; }

report() {
  tests=$((tests + 1))
  if [ "$1" = 0 ]; then
    echo "ok $tests - $2"
  else
    failures=$((failures + 1))
    echo "not ok $tests - $2"
  fi
}

check() {
  name=$1
  shift
  if "$@" >"$scratch/said" 2>&1; then
    report 0 "$name"
  else
    echo "# '$*' ended with $?"
    sed 's/^/# /' "$scratch/said"
    report 1 "$name"
  fi
}

is() {
  if [ "$2" = "$3" ]; then
    report 0 "$1"
  else
    printf '%s\n' "wanted: $2" "found:  $3" | sed 's/^/# /'
    report 1 "$1"
  fi
}

finish() {
  rm -rf "$scratch"
  [ "$failures" = 0 ]
  exit
}
