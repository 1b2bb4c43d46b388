#!/bin/bash
# Tests bazel_events.sh: a check that misreads Bazel's events would never fail.
set -u
# shellcheck source=testing/hermetic/bazel_events.sh
source "$1"
events=$TEST_TMPDIR/events
failures=0

# same WHAT WANTED FOUND
same() {
  [[ $2 == "$3" ]] && return
  ((++failures))
  echo "FAILED $1: wanted '$2', found '$3'"
}

# runners EXECUTED CACHED COUNTS
runners() {
  printf '{"id":{"started":{}}}\n{"id":{"buildMetrics":{}},"buildMetrics":{"actionSummary":{"runnerCount":[%s]}}}\n' \
    "$3" >"$events"
  same "executed of $3" "$1" "$(executed "$events")"
  same "cached of $3" "$2" "$(cached "$events")"
}

runners 0 0 '{"name":"total","count":1},{"name":"internal","count":1}'
runners 17 0 '{"name":"total","count":26},{"name":"internal","count":9},{"name":"linux-sandbox","count":17,"execKind":"Local"}'
runners 0 71 '{"name":"total","count":80},{"name":"internal","count":9},{"name":"remote cache hit","count":71}'
runners 3 5 '{"name":"total","count":8},{"name":"disk cache hit","count":5},{"name":"local","count":1},{"name":"processwrapper-sandbox","count":2}'

# results PASSED FAILED EVENT...: labels, with blanks between them.
results() {
  local passed=$1 failed=$2
  shift 2
  printf '%s\n' "$@" >"$events"
  same "passed of $*" "$passed" "$(passed_tests "$events" | paste -sd ' ')"
  same "failed of $*" "$failed" "$(failed_tests "$events" | paste -sd ' ')"
}

summary() { printf '{"id":{"testSummary":{"label":"%s"}},"testSummary":{"overallStatus":"%s"}}' "$1" "$2"; }
built='{"id":{"targetCompleted":{"label":"//:a"}},"children":[{"testSummary":{"label":"//:a"}}],"completed":{"success":true}}'
unbuilt='{"id":{"targetCompleted":{"label":"//:a"}},"completed":{"failureDetail":{"message":"no"}}}'
skipped='{"id":{"targetCompleted":{"label":"//:a"}},"aborted":{"reason":"SKIPPED"}}'
broken='{"id":{"targetConfigured":{"label":"//:a"}},"aborted":{"reason":"ANALYSIS_FAILURE"}}'

results '//:a' '' "$built" "$(summary //:a PASSED)"
results '//:a' '' "$built" "$(summary //:a FLAKY)"
results '//:b' '//:a' "$(summary //:a FAILED)" "$(summary //:b PASSED)"
results '' '//:a //:b' "$(summary //:a TIMEOUT)" "$(summary //:b NO_STATUS)"
results '' '//:a' "$unbuilt" "$(summary //:a FAILED_TO_BUILD)"
results '' '//:a' "$unbuilt"
results '' '//:a' "$broken"
results '' '' "$skipped"

((failures == 0))
