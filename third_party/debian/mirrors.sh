#!/bin/sh
# Prints the Debian mirrors this machine may fetch from, one base URL a line: $DEBIAN_MIRROR if it is
# set, otherwise those in its apt configuration ($1, by default /etc/apt).
#
# A source counts when it is a Debian suite with the component main under a path that ends in /debian
# (or a snapshot of one): this leaves out security suites, which carry none of the pinned packages,
# and other vendors, who like to borrow Debian's suite names.
set -eu
apt=${1:-/etc/apt}

if [ -n "${DEBIAN_MIRROR:-}" ]; then
  printf '%s\n' "$DEBIAN_MIRROR" | sed 's,/*$,,'
  exit
fi

sources() { # prints "URIs|suites|components" of every enabled binary or source entry
  for file in "$apt"/sources.list "$apt"/sources.list.d/*.list; do
    [ ! -r "$file" ] || sed 's/#.*//; s/\[[^]]*\]//' "$file" | awk '
      ($1 == "deb" || $1 == "deb-src") && NF > 3 {
        components = ""
        for (i = 4; i <= NF; i++) components = components " " $i
        print $2 "|" $3 "|" components
      }'
  done
  for file in "$apt"/sources.list.d/*.sources; do
    [ ! -r "$file" ] || sed 's/^#.*/#/' "$file" | awk '
      function flush() {
        if (uris != "" && enabled) print uris "|" suites "|" components
        uris = suites = components = field = ""
        enabled = 1
      }
      BEGIN { enabled = 1 }
      /^#/ { next }
      /^[ \t]*$/ { flush(); next }
      /^[^ \t]/ { field = tolower($1); sub(/^[^:]*:/, "") }
      field == "uris:" { uris = uris " " $0 }
      field == "suites:" { suites = suites " " $0 }
      field == "components:" { components = components " " $0 }
      field == "enabled:" && tolower($1) ~ /^(no|false|off|0)$/ { enabled = 0 }
      END { flush() }'
  done
}

sources | awk -F'|' '
  function is_debian(suite) {
    return suite ~ /^(bullseye|bookworm|trixie|forky|duke|sid|(old)*stable|testing|unstable)(-updates|-backports)?$/
  }
  {
    suites = split($2, suite, " ")
    for (i = 1; i <= suites; i++)
      if (is_debian(suite[i]) && (" " $3 " ") ~ / main /) {
        uris = split($1, uri, " ")
        for (j = 1; j <= uris; j++) print uri[j]
        next
      }
  }' | while read -r uri; do
  case $uri in
    mirror+file:*) sed 's/#.*//; s/[[:space:]].*//' "${uri#mirror+file:}" 2> /dev/null || : ;;
    *) printf '%s\n' "$uri" ;;
  esac
done | sed 's,/*$,,' |
  grep -E '^(https?|file):.*/debian(/[0-9]+T[0-9]+Z)?$' |
  awk '!seen[$0]++'
