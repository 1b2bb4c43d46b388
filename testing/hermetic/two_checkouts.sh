#!/bin/bash
# Builds in two clean checkouts at different paths: testing/hermetic/two_checkouts.sh [DISK_CACHE].
#
# 1. Nothing of a path gets into an image: built for themselves in both, all images have the same sha256.
# 2. Nothing of a path gets into an action: with the disk cache of the first, the second runs no action of its own.
#
# With DISK_CACHE, which has to hold what a build of //... in this checkout left, this is the first checkout, and only
# the second point is checked: empty_root.sh, too, builds the images at another path and compares them.
set -u
export LC_ALL=C
cd "${BASH_SOURCE[0]%/*}/../.." || exit 2
# shellcheck source=testing/hermetic/checkouts.sh
source testing/hermetic/checkouts.sh
# shellcheck source=testing/hermetic/bazel_events.sh
source testing/hermetic/bazel_events.sh

work=$(mktemp -d "${TMPDIR:-/tmp}/two_checkouts.XXXXXX") || exit 2
disk_cache=${1:-$work/disk_cache}
first=$work/first
# A path of another length, with a character that breaks careless quoting.
second=$work/elsewhere/the+second

# For a log, not for a terminal.
readonly plain=(--color=no --curses=no --noshow_progress)

cleanup() {
  stop_bazel_in "$first"
  stop_bazel_in "$second"
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

die() {
  echo "two_checkouts: $1" >&2
  exit 1
}

compare_images() {
  echo "== the first checkout fills the disk cache"
  copy_checkout "$first" || die "cannot copy the checkout"
  bazel_in "$first" build "${plain[@]}" --disk_cache="$disk_cache" //... || die "the first checkout does not build"
  images_in "$first" "${plain[@]}" --disk_cache="$disk_cache" >"$work/first.sha256" || die "the first has no images"

  echo "== the second builds all images for itself"
  images_in "$second" "${plain[@]}" >"$work/second.sha256" || die "the second checkout does not build"
  cat "$work/second.sha256"
  diff "$work/first.sha256" "$work/second.sha256" || die "the images of the two checkouts differ"
  echo "the images of both checkouts are the same"
  # Forgets all that was built, and keeps what was downloaded: nothing is measured by unpacking it once more.
  bazel_in "$second" clean "${plain[@]}" || die "the second checkout does not forget its outputs"
}

copy_checkout "$second" || die "cannot copy the checkout"
if (($#)); then lend_unpacked "$second"; else compare_images; fi

echo "== the second begins with nothing but the disk cache"
bazel_in "$second" build "${plain[@]}" --disk_cache="$disk_cache" --build_event_json_file="$work/events" //... ||
  die "the second checkout does not build"
[[ $(cached "$work/events") -gt 0 ]] || die "the second checkout took nothing from the cache"
ran=$(executed "$work/events")
[[ $ran == 0 ]] || die "the second checkout ran $ran actions that the first had run"
echo "the second checkout took all its $(cached "$work/events") actions from the cache"
