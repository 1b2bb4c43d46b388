#!/bin/bash
# The part of empty_root.sh that runs inside: everything here is busybox, bash, and what the build brings along.
set -u
# shellcheck source=testing/hermetic/checkouts.sh
source testing/hermetic/checkouts.sh

for program in cc gcc clang ld as python3 perl qemu-system-x86_64 java; do
  if command -v "$program" >/dev/null; then
    echo "inside_empty_root: $program is here, the root is not empty" >&2
    exit 1
  fi
done
echo "in / there are: $(echo /*); in /bin: busybox, bash and $(find /bin -type l | wc -l) links to busybox"

bazel() { ./bazelw --output_base=/output "$@"; }
# With a cache of its own, images share what they have in common.
readonly options=(--repository_cache=/downloads --disk_cache=/tmp/disk_cache --color=no --curses=no --noshow_progress)

status=0
bazel test "${options[@]}" "$@" || status=1
if [[ $status == 0 ]]; then
  bazel build "${options[@]}" "${image_files[@]/#///tools/boot:}" &&
    (cd bazel-bin/tools/boot && sha256sum "${image_files[@]}") | tee /tmp/images.sha256 || status=1
fi
bazel shutdown
exit "$status"
