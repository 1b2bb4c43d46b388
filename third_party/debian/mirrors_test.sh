#!/bin/sh
# Which lines of an apt configuration count as Debian mirrors: mirrors_test.sh MIRRORS_SH
set -eu
mirrors=$PWD/$1
apt=$TEST_TMPDIR/apt
failures=0
unset DEBIAN_MIRROR

expect() { # NAME EXPECTED: compares the script's answer for $apt, then empties $apt
  got=$(sh "$mirrors" "$apt" | tr '\n' ' ') || :
  if [ "$got" = "$2" ]; then
    echo "ok: $1"
  else
    printf 'FAILED: %s\n  expected: %s\n  got:      %s\n' "$1" "$2" "$got"
    failures=$((failures + 1))
  fi
  rm -rf "$apt"
}
list() { # FILE: standard input becomes the file $apt/FILE
  case $1 in */*) mkdir -p "$apt/${1%/*}" ;; *) mkdir -p "$apt" ;; esac
  cat > "$apt/$1"
}

expect 'no apt configuration' ''

list sources.list << 'END'
# deb http://commented.test/debian bookworm main
deb http://one.test/debian/ bookworm main contrib # a comment
deb-src [arch=amd64 signed-by=/some/key.gpg] http://two.test/debian trixie main
deb http://one.test/debian bookworm-updates main
END
expect 'one-line entries, each mirror once' 'http://one.test/debian http://two.test/debian '

list sources.list.d/debian.sources << 'END'
Types: deb
# URIs: http://commented.test/debian
URIs: http://one.test/debian http://two.test/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
Enabled: no
URIs: http://disabled.test/debian
Suites: bookworm
Components: main

Types: deb
Suites: stable
Components: main
URIs:
 https://three.test/debian
END
expect 'deb822 entries' 'http://one.test/debian http://two.test/debian https://three.test/debian '

list sources.list << 'END'
deb http://security.test/debian-security bookworm-security main
deb http://vendor.test/linux/debian bookworm stable
deb http://vendor.test/apt cloud-sdk-bookworm main
deb http://vendor.test/debian/12/prod bookworm main
deb http://ubuntu.test/ubuntu noble main
deb cdrom:[Debian]/ bookworm main
END
expect 'security suites and other vendors do not count' ''

list sources.list << 'END'
deb http://snapshot.test/archive/debian/20260711T000000Z bookworm main
END
expect 'a snapshot' 'http://snapshot.test/archive/debian/20260711T000000Z '

list mirrors/debian.list << 'END'
http://one.test/debian priority:1
http://two.test/debian
END
list sources.list << END
deb mirror+file:$apt/mirrors/debian.list bookworm main
END
expect 'a list of mirrors in a file' 'http://one.test/debian http://two.test/debian '

DEBIAN_MIRROR=http://given.test/some/path/
export DEBIAN_MIRROR
list sources.list << 'END'
deb http://one.test/debian bookworm main
END
expect 'DEBIAN_MIRROR goes first and alone' 'http://given.test/some/path '

[ "$failures" -eq 0 ]
