#!/bin/bash
# Shows that a team's cache works: bazelw run //tools:remote_cache_check [-- TARGET...].
#
# Starts nginx as a cache on loopback, tests from two clean copies of this checkout with --config=remote-cache, and
# fails unless the second takes every action, the results of the QEMU tests included, from the cache. Without targets
# it tests everything.
set -u
export LC_ALL=C
runfiles=$(cd "${RUNFILES_DIR:-$0.runfiles}" && pwd) || exit 2
readonly runfiles
here=$(cd "$runfiles/atlas/tools/remote_cache_check" && pwd) || exit 2
nginx=$(cd "$runfiles/nginx/bin" && pwd)/nginx || exit 2
cd "${BUILD_WORKSPACE_DIRECTORY:?run it with bazelw run}" || exit 2
# shellcheck source=testing/hermetic/checkouts.sh
source "$runfiles/atlas/testing/hermetic/checkouts.sh" || exit 2
# shellcheck source=testing/hermetic/bazel_events.sh
source "$runfiles/atlas/testing/hermetic/bazel_events.sh" || exit 2

readonly targets=("${@:-//...}")
readonly port_attempts=20

work=$(mktemp -d "${TMPDIR:-/tmp}/remote_cache_check.XXXXXX") || exit 2
nginx_pid=''

cleanup() {
  stop_bazel_in "$work/first"
  stop_bazel_in "$work/second"
  stop_nginx
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

die() {
  echo "remote_cache_check: $1" >&2
  exit 1
}

stop_nginx() {
  [[ -n $nginx_pid ]] || return 0
  kill "$nginx_pid" 2>/dev/null
  wait "$nginx_pid" 2>/dev/null
  nginx_pid=''
}

# nginx ends at once when another program has the port; then the next one is tried. Sets `address`.
start_nginx() {
  local attempt
  mkdir -p "$work/nginx/cache"
  for ((attempt = 0; attempt < port_attempts; ++attempt)); do
    address=127.0.0.1:$((20000 + RANDOM))
    sed -e "s,@DIRECTORY@,$work/nginx,g; s,@ADDRESS@,$address,; s,@USER@,$(id -un)," "$here/nginx.conf.in" \
      >"$work/nginx/nginx.conf"
    "$nginx" -p "$work/nginx" -e "$work/nginx/error.log" -c "$work/nginx/nginx.conf" 2>"$work/nginx/stderr" &
    nginx_pid=$!
    wait_for_nginx && return
    stop_nginx
  done
  cat "$work/nginx/stderr" "$work/nginx/error.log" >&2
  return 1
}

wait_for_nginx() {
  local moment
  for ((moment = 0; moment < 50; ++moment)); do
    kill -0 "$nginx_pid" 2>/dev/null || return 1
    if (exec 3<>"/dev/tcp/${address%:*}/${address#*:}") 2>/dev/null && kill -0 "$nginx_pid" 2>/dev/null; then return; fi
    sleep 0.1
  done
  return 1
}

# test_in NAME: tests everything from a clean copy, with the cache's address where a team would write it.
test_in() {
  local copy=$work/$1
  copy_checkout "$copy" || die "cannot copy the checkout"
  # The second has to come by the same files by itself.
  [[ $1 != first ]] || lend_unpacked "$copy"
  echo "build:remote-cache --remote_cache=http://$address" >"$copy/user.bazelrc"
  echo "== the $1 checkout"
  SECONDS=0
  # A test that looks at something of the machine has its result in no cache.
  bazel_in "$copy" test --config=remote-cache --test_tag_filters=-external --color=no --curses=no --noshow_progress \
    --build_event_json_file="$work/$1.events" "${targets[@]}" >"$work/$1.log" 2>&1 || {
    tail -n 40 "$work/$1.log" >&2
    die "the $1 checkout fails"
  }
  printf '%d tests passed, %d actions from the cache, %d run here, %d s\n' \
    "$(passed_tests "$work/$1.events" | wc -l)" "$(cached "$work/$1.events")" "$(executed "$work/$1.events")" "$SECONDS"
}

start_nginx || die "nginx does not start"
echo "nginx serves http://$address"
test_in first
stop_bazel_in "$work/first"
echo "the cache has $(find "$work/nginx/cache" -type f | wc -l) files, $(du -sh "$work/nginx/cache" | cut -f 1)"
test_in second

hits=$(cached "$work/second.events") misses=$(executed "$work/second.events")
passed=$(passed_tests "$work/second.events" | wc -l)
((passed > 0)) || die "the second checkout tested nothing"
((hits > 0)) || die "the second checkout took nothing from the cache"
((misses == 0)) || die "the second checkout ran $misses actions that the first had run"
echo "100 % hits: the second checkout compiled nothing, all its $hits actions came from the cache, $passed tests among them"
