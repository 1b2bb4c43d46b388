#!/bin/sh
# Makes a private Bazel of Debian packages: install.sh VERSION LINK < "sha256 size path" lines
#
# Everything happens in a directory of this process beside LINK; when Bazel runs there, LINK is made to
# point at it. So LINK either leads to a whole Bazel or does not exist, whatever interrupts this, and
# of two runs at once the second one takes what the first one made.
set -eu

say() { printf 'bazelw: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

here=$(CDPATH='' cd -- "${0%/*}" && pwd -P)
. "$here/fetch.sh"
. "$here/relocate.sh"

remove_leftovers() { # directories of runs that are dead, and the Bazels they did not finish
  for directory in "${link%/*}"/*."$host".*; do
    [ -d "$directory" ] || continue
    [ "$(readlink "${directory%."$host".*}")" != "${directory##*/}" ] || continue
    kill -0 "${directory##*.}" 2> /dev/null || rm -rf "$directory"
  done
}

stop() { # STATUS: ends the downloads, removes what is unfinished
  trap - EXIT HUP INT TERM
  stop_fetching
  [ "$(readlink "$link")" = "${root##*/}" ] || rm -rf "$root"
  exit "$1"
}

unpack_all() { # DIRECTORY: unpacks the packages there into $root
  for deb in "$1"/*.deb; do
    unpack "$deb" "$root" || die "cannot unpack ${deb##*/}"
  done
  # The rule sets among them are also repositories of the build: Bazel need not fetch them again.
  mkdir "$root/packages"
  mv "$1"/bazel-rules-*.deb "$1"/bazel-skylib_*.deb "$1"/bazel-platforms_*.deb "$1"/bazel-features_*.deb \
    "$root/packages" 2> /dev/null || :
  rm -rf "$1" "$1.missing"
}

check() { # Bazel is the one that was wanted, and starts with all its libraries and jars
  read -r label < "$root/usr/share/bazel/build-label.txt" || [ -n "$label" ]
  [ "$label" = "$version" ] || die "the packages hold Bazel $label, not $version"
  mkdir "$root/check"
  : > "$root/check/WORKSPACE"
  # Bazel wants to know for whom, which a machine without a list of users cannot tell.
  (cd "$root/check" && USER=${USER:-nobody} "$root/bazel" --batch --nohome_rc \
    --output_user_root="$root/check/output" info release) > "$root/check/log" 2>&1 ||
    die "the private Bazel does not run here: $(cat "$root/check/log")"
  chmod -R u+w "$root/check"
  rm -rf "$root/check"
}

version=$1
link=$2
host=$(uname -n)
root=$link.$host.$$
downloads=$root/downloads

mkdir -p "${link%/*}" || die "cannot make ${link%/*}"
remove_leftovers
trap 'stop $?' EXIT
trap 'stop 129' HUP
trap 'stop 130' INT
trap 'stop 143' TERM
mkdir -p "$downloads"
cat > "$root/wanted"

mirrors=$(sh "$here/../debian/mirrors.sh")
[ -n "$mirrors" ] ||
  die "no Bazel $version on PATH, and no Debian mirror in /etc/apt to get it from:" \
    "set DEBIAN_MIRROR to the base URL of one"
choose_downloader
if ! fetch_all "$root/wanted" "$downloads"; then
  [ "$fetch_failure" = gone ] ||
    die "cannot get Bazel $version (set DEBIAN_MIRROR to a mirror that has it, or install bazelisk)"
  say "the locked packages have left the mirrors: taking those that Debian signs now in their place"
  first_mirror=$(printf '%s\n' "$mirrors" | head -n 1)
  sh "$here/newest.sh" "$version" "$first_mirror" "$root" < "$root/wanted" > "$root/newest" ||
    die "cannot get Bazel $version: install bazelisk, or set DEBIAN_MIRROR to a snapshot that has these packages"
  rm -rf "$root/apt"
  for deb in "$downloads"/*.deb; do
    grep -qF "/${deb##*/}" "$root/newest" || rm -f "$deb"
  done
  fetch_all "$root/newest" "$downloads" || die "cannot get Bazel $version"
fi
say 'unpacking'
unpack_all "$downloads"
relocate "$root" "$here" "$version"
check
# Fails when another run was faster: then its Bazel serves this one too.
ln -sn "${root##*/}" "$link" 2> /dev/null || [ -x "$link/bazel" ] || die "cannot make $link"
