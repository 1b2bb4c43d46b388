# Judges what the compiler said of a file that must not compile: judge.sh DIAGNOSTICS EXPECTED...
# Exactly one error, or the file would be refused for another reason as well: a missing header, say.
diagnostics=$1
shift

fail() {
  echo "$1; the compiler said:"
  cat "$diagnostics"
  exit 1
}

grep -qxF 'exit status 0' "$diagnostics" && fail 'it compiles'
grep -qxF 'exit status 1' "$diagnostics" || fail 'the compiler itself failed'
grep -qxF '1 error generated.' "$diagnostics" || fail 'there is not exactly one error'
for expected; do
  grep -qF -e "$expected" "$diagnostics" || fail "the diagnostics lack $expected"
done
