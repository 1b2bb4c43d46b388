#!/bin/sh
# Prints "sha256 size path" lines of the packages that take the place of locked ones which have left the
# mirrors: newest.sh VERSION MIRROR SCRATCH < LOCKED
# The suite of the lock is Debian's testing, which keeps only its newest packages. A private apt (own
# directories, the machine's is not touched) fetches its indices, checks Debian's signature and resolves.
set -eu
readonly SUITE=forky
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

die() {
  printf 'bazelw: %s\n' "$*" >&2
  exit 1
}

version=$1
mirror=$2
apt=$3/apt
command -v apt-get > /dev/null 2>&1 || die "only apt can tell which packages Debian signs now, and this machine has none"
[ -r "$KEYRING" ] || die "no $KEYRING to check Debian's signature with"

mkdir -p "$apt/etc/apt.conf.d" "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/state"
: > "$apt/status"
printf 'deb [signed-by=%s] %s %s main\n' "$KEYRING" "$mirror" "$SUITE" > "$apt/etc/sources.list"
cat > "$apt/conf" << END
Dir::Etc "$apt/etc";
Dir::Etc::sourcelist "$apt/etc/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$apt/state";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Acquire::Check-Valid-Until "false";
Acquire::ForceHash "SHA256";
Acquire::Languages "none";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
END
APT_CONFIG=$apt/conf
export APT_CONFIG
apt-get -qq update >&2 || die "cannot get the indices of $SUITE from $mirror"
candidate=$(apt-cache policy bazel-bootstrap | sed -n 's/^ *Candidate: *//p')
case $candidate in
  "$version"[-+]*) ;;
  *) die "$SUITE now has Bazel ${candidate:-no more}, not $version" ;;
esac

# The locked names, and for each that is gone the package whose name differs only in its numbers
# (libgrpc29t64, libgrpc33): apt knows all dependencies, the lock knows which of them are really loaded.
sed 's,.*/,,; s/_.*//' > "$apt/locked"
xargs apt-cache --no-generate show --no-all-versions < "$apt/locked" 2> /dev/null |
  sed -n 's/^Package: //p' > "$apt/present"
# shellcheck disable=SC2046 # names
apt-get -qq install --print-uris bazel-bootstrap $(cat "$apt/present") | tr -d "'" |
  awk -v mirror="$mirror/" -v locked_file="$apt/locked" -v present_file="$apt/present" '
    function stem(name) { sub(/t64$/, "", name); gsub(/[0-9.]+/, "", name); return name }
    BEGIN {
      while ((getline name < present_file) > 0) present[name] = 1
      while ((getline name < locked_file) > 0) if (!(name in present)) gone[stem(name)] = 1
    }
    {
      name = $2
      sub(/_.*/, "", name)
      sub(/^SHA256:/, "", $4)
      if (name in present || stem(name) in gone) print $4, $3, substr($1, length(mirror) + 1)
    }' > "$apt/newest"
[ -s "$apt/newest" ] || die "apt found no packages of Bazel $version in $SUITE"
cat "$apt/newest"
