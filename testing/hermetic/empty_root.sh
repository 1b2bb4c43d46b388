#!/bin/bash
# Builds the images and boots them in a root that holds nothing but static busybox and bash:
# testing/hermetic/empty_root.sh [TARGET...]. Without targets it tests //testing/boot/... .
#
# Beside these two there are /proc, /dev, a copy of this checkout, Bazel as bazelw installed it, and Bazel's cache of
# downloads; no compiler, no library, no network mirror. A build that uses anything of the machine ends here.
#
# Needs the right to make a mount namespace: root's, or an unprivileged user's where the system grants it. Where it is
# not granted the check says so and ends with 77, or with 1 where CI=true: there it must run.
set -u
export LC_ALL=C
cd "${BASH_SOURCE[0]%/*}/../.." || exit 2
# shellcheck source=testing/hermetic/checkouts.sh
source testing/hermetic/checkouts.sh

readonly skipped=77
readonly targets=("${@:-//testing/boot/...}")
readonly caches=${XDG_CACHE_HOME:-$HOME/.cache}

# The private Bazel, whatever the machine has on its PATH: it is the one that can be taken along.
bazel() { BAZELW_SYSTEM=0 ./bazelw "$@"; }

die() {
  echo "empty_root: $1" >&2
  exit 1
}

# Sets `unshare`, the command that makes a namespace in which this process may mount.
find_namespace() {
  unshare=(unshare --mount --propagation private)
  "${unshare[@]}" true 2>/dev/null && return
  unshare=(unshare --user --map-root-user --mount --propagation private)
  "${unshare[@]}" true 2>/dev/null && return
  echo "empty_root: this system grants no mount namespace: nothing was checked" >&2
  [[ ${CI-} != true ]] || exit 1
  exit "$skipped"
}

# What the new root holds. Mount points are made here, mounted in enter_root.
fill_root() {
  local programs=$1 applet
  mkdir -p "$root"/{bin,usr,proc,dev,tmp,etc,old,atlas,output} "$root$caches/atlas-bazelw" "$root/downloads" || return 1
  chmod 1777 "$root/tmp"
  cp -L "$programs/busybox" "$programs/bash" "$root/bin/" || return 1
  ln -s ../bin "$root/usr/bin"
  for applet in $("$root/bin/busybox" --list); do
    [[ -e $root/bin/$applet ]] || ln -s busybox "$root/bin/$applet"
  done
  copy_checkout "$root/atlas"
}

# Runs in the namespace; its arguments are those of Bazel. chroot would do for us, but Bazel's sandbox makes namespaces
# of its own, and the kernel refuses them to a process in a chroot.
enter_root() {
  mount --bind "$root" "$root" &&
    mount --rbind /proc "$root/proc" &&
    mount --rbind /dev "$root/dev" &&
    mount --bind "$caches/atlas-bazelw" "$root$caches/atlas-bazelw" &&
    mount --bind "$downloads" "$root/downloads" || die "cannot mount in the new root"
  cd "$root" && pivot_root . old || die "cannot change the root"
  exec /bin/busybox env -i PATH=/bin HOME=/tmp USER=nobody XDG_CACHE_HOME="$caches" BAZELW_SYSTEM=0 \
    DEBIAN_MIRROR=http://no-mirror.invalid/debian \
    /bin/bash -c 'umount -l /old && cd /atlas && exec /bin/bash testing/hermetic/inside_empty_root.sh "$@"' - "$@"
}

if [[ ${1-} == --enter ]]; then
  shift
  enter_root "$@"
fi

find_namespace
# Everything that has to be downloaded, and the two programs.
{
  bazel fetch "${targets[@]}" "${image_files[@]/#///tools/boot:}" &&
    bazel build @busybox//:bin/busybox @busybox//:bin/bash
} >&2 || die "cannot get what the build needs"
downloads=$(bazel info repository_cache) && programs=$(bazel info output_base)/external/busybox/bin || die "no Bazel"
root=$(mktemp -d "${TMPDIR:-/tmp}/empty_root.XXXXXX") || exit 2
cleanup() {
  # Bazel takes away the right to write in what it has built.
  chmod -R u+w "$root/output" 2>/dev/null
  rm -rf --one-file-system "$root"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
fill_root "$programs" || die "cannot fill the new root"

export root caches downloads
"${unshare[@]}" /bin/bash "$PWD/testing/hermetic/empty_root.sh" --enter "${targets[@]}" ||
  die "failed in the empty root"

echo "== the same images outside"
bazel build "${image_files[@]/#///tools/boot:}" >&2 || die "the images do not build here"
(cd bazel-bin/tools/boot && sha256sum "${image_files[@]}") | diff - "$root/tmp/images.sha256" ||
  die "the images built in the empty root differ"
echo "the images built in the empty root are those built here"
