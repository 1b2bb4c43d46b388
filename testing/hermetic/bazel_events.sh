# What a Bazel command did, from the file of --build_event_json_file: one event a line. Sourced; needs grep, sed, sort
# and awk.
#
#   executed EVENTS       how many actions it ran itself
#   cached EVENTS         how many it took from a cache
#   passed_tests EVENTS   the tests that passed, a label a line
#   failed_tests EVENTS   the tests that did not and the targets that were not built, a label a line

# Bazel counts its actions by how they ran: "runnerCount":[{"name":"total","count":7},...].
runner_counts() {
  grep -o '"runnerCount":\[[^]]*\]' "$1" | tail -n 1 | grep -o '{[^}]*}' |
    sed -n 's/.*"name":"\([^"]*\)","count":\([0-9]*\).*/\2 \1/p'
}

sum_of_runners() { runner_counts "$1" | awk "$2"' { sum += $1 } END { print sum + 0 }'; }

executed() { sum_of_runners "$1" '$0 !~ / total$| internal$| cache hit$/'; }
cached() { sum_of_runners "$1" '/ cache hit$/'; }

labels() { sed -n 's/^{"id":{"[A-Za-z]*":{"label":"\([^"]*\)".*/\1/p' | sort -u; }

passed_tests() { grep '^{"id":{"testSummary":' "$1" | grep -E '"overallStatus":"(PASSED|FLAKY)"' | labels; }

failed_tests() {
  {
    grep '^{"id":{"testSummary":' "$1" | grep -vE '"overallStatus":"(PASSED|FLAKY)"'
    # A target for another platform is skipped, which is no failure.
    grep '^{"id":{"target[A-Za-z]*":' "$1" | grep '"aborted":{' | grep -v '"reason":"SKIPPED"'
    grep '^{"id":{"targetCompleted":' "$1" | grep '"completed":{' | grep -v '"success":true'
  } | labels
}
