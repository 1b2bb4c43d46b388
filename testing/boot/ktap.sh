# A reader of KTAP, the test output of all our images (docs.kernel.org/dev-tools/ktap.html). Sourced.
#
#   ktap_start         begins a new report
#   ktap_line LINE     reads a line; lines that are not KTAP are the guest's own talk
#   ktap_finish        sets ktap_fault to what is wrong with the report, or to nothing; ktap_summary counts

ktap_start() {
  ktap_version_seen=no ktap_plan='' ktap_count=0 ktap_skipped=0 ktap_fault='' ktap_summary=''
}

# The first fault is the one worth reading: what follows is often its consequence.
ktap_fail() { [[ -n $ktap_fault ]] || ktap_fault=$1; }

ktap_line() {
  local line=$1
  case $line in
    'KTAP version '*)
      [[ $ktap_version_seen == no ]] || ktap_fail "a second report began: $line"
      [[ $line == 'KTAP version 1' ]] || ktap_fail "unknown version: $line"
      ktap_version_seen=yes
      ;;
    'Bail out!'*) ktap_fail "$line" ;;
    *)
      if [[ $line =~ ^1\.\.([0-9]+)[[:blank:]]*(#.*)?$ ]]; then
        ktap_read_plan "${BASH_REMATCH[1]}"
      elif [[ $line =~ ^([[:blank:]]*)(not )?ok([[:blank:]]|$) ]]; then
        ktap_read_result "$line" "${BASH_REMATCH[1]}"
      fi
      ;;
  esac
}

ktap_read_plan() {
  [[ $ktap_version_seen == yes ]] || ktap_fail "a plan before the version line"
  [[ -z $ktap_plan ]] || ktap_fail "a second plan: 1..$1"
  ktap_plan=$((10#$1))
}

ktap_read_result() {
  local line=$1 indent=$2 expected=$((ktap_count + 1))
  if [[ $line =~ ^[[:blank:]]*not\ ok ]]; then ktap_fail "${line#"$indent"}"; fi
  [[ -z $indent ]] || return 0  # a subtest: its parent's line counts it
  [[ -n $ktap_plan ]] || ktap_fail "a result before the plan: $line"
  if [[ $line =~ ^(not\ )?ok\ ([0-9]+)([[:blank:]]|$) ]]; then
    ((10#${BASH_REMATCH[2]} == expected)) || ktap_fail "expected result $expected, found: $line"
  else
    ktap_fail "a result without a number: $line"
  fi
  if [[ $line =~ \#\ *[Ss][Kk][Ii][Pp] ]]; then ((++ktap_skipped)); fi
  ((++ktap_count))
}

ktap_finish() {
  if [[ $ktap_version_seen == no ]]; then
    ktap_fail "no line 'KTAP version 1'"
  elif [[ -z $ktap_plan ]]; then
    ktap_fail "no plan"
  elif ((ktap_plan == 0)); then
    ktap_fail "no test at all"
  elif ((ktap_count != ktap_plan)); then
    ktap_fail "planned $ktap_plan tests, $ktap_count reported"
  elif ((ktap_skipped == ktap_count)); then
    ktap_fail "all $ktap_count tests were skipped"
  fi
  ktap_summary="$ktap_count tests, $ktap_skipped skipped"
}
