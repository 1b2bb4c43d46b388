#!/bin/sh
# How bazelw finds and installs Bazel, with a mirror in a directory and packages of a few small scripts:
# bazelw_test.sh BAZELW BAZELVERSION SCRIPT...
set -eu

scratch=$TEST_TMPDIR
workspace=$scratch/workspace
mirror=$scratch/mirror
tools=$scratch/tools
cache=$scratch/home/.cache/atlas-bazelw
output=$scratch/output
readonly DEB=pool/main/b/bazel-bootstrap/bazel-bootstrap_1_amd64.deb
failures=0

# --- what bazelw works on

copy_workspace() {
  rm -rf "$workspace"
  for file; do
    case $file in
      bazelw | .bazelversion | ./*) place=$workspace/$file ;;
      *) place=$workspace/third_party/${file#*third_party/} ;;
    esac
    mkdir -p "${place%/*}"
    cp "$file" "$place"
  done
  read -r version < "$workspace/.bazelversion"
}

ar_member() { # NAME FILE
  size=$(($(wc -c < "$2")))
  printf '%-16s%-12s%-6s%-6s%-8s%-10s`\n' "$1" 0 0 0 100644 "$size"
  cat "$2"
  [ $((size % 2)) -eq 0 ] || echo
}

script() { # FILE: standard input becomes a program; bazelw takes it for ELF by its first letters
  mkdir -p "${1%/*}"
  { printf '_ELF=\n' && cat; } > "$1"
  chmod 755 "$1"
}

make_package() { # a Bazel that says how it is called, and a loader that leaves loading to the shell
  tree=$scratch/tree
  jdk=$tree/usr/lib/jvm/java-21-openjdk-amd64
  rm -rf "$tree" "$mirror"
  script "$tree/usr/bin/bazel" << 'END'
echo "private bazel: $*"
END
  script "$jdk/bin/java" << 'END'
END
  mkdir -p "$jdk/lib/security" "$tree/usr/share/bazel" "$tree/usr/lib64" "${mirror}/${DEB%/*}"
  echo "$version" > "$tree/usr/share/bazel/build-label.txt"
  echo /usr/share/java/some.jar > "$tree/usr/share/bazel/bazel_classpath_debian_depends.txt"
  cat > "$tree/usr/lib64/ld-linux-x86-64.so.2" << 'END'
#!/bin/sh
shift 4 # --argv0 NAME --library-path DIRECTORIES
exec sh "$@"
END
  chmod 755 "$tree/usr/lib64/ld-linux-x86-64.so.2"
  (cd "$tree" && tar -cf - ./*) | gzip > "$scratch/data.tar.gz"
  (cd "$scratch" && tar -cf - workspace/.bazelversion) | gzip > "$scratch/control.tar.gz"
  echo 2.0 > "$scratch/debian-binary"
  {
    printf '!<arch>\n'
    for member in debian-binary control.tar.gz data.tar.gz; do ar_member "$member" "$scratch/$member"; done
  } > "$mirror/$DEB"
  lock_package "$(sha256sum < "$mirror/$DEB" | cut -c1-64)"
}

lock_package() { # SHA256
  cat > "$workspace/third_party/lock.bzl" << END
PACKAGES = [
    ("bazel-bootstrap", "$version+ds-1", "$DEB", $(($(wc -c < "$mirror/$DEB"))), "$1", "bazel,other", "Apache-2.0", "x"),
    ("other", "1", "pool/main/o/other/other_1_all.deb", 1, "00", "other", "MIT", "not for bazelw"),
]
END
}

path_of() { # TOOL: where it is; busybox's shell would only say that it knows it
  IFS=:
  for directory in $PATH; do
    [ -x "$directory/$1" ] && printf '%s\n' "$directory/$1" && break
  done
  unset IFS
}

gather_tools() { # a PATH with what bazelw may use: no Bazel of the machine's, no dpkg
  mkdir -p "$tools"
  for tool in awk base64 cat chmod cp cut du env find grep gzip head ln mkdir mktemp mv readlink rm sed sh \
    sha256sum sleep sort tail tar tr uname wc; do
    ln -s "$(path_of "$tool")" "$tools/$tool"
  done
}

# --- running it

system_program() { # NAME VERSION: a Bazel of the machine's, in a directory that `run` may be given
  rm -rf "$scratch/system"
  mkdir "$scratch/system"
  cat > "$scratch/system/$1" << END
#!/bin/sh
if [ "\$*" = --version ]; then echo "bazel $2"; else echo "system $1: \$*"; fi
END
  chmod 755 "$scratch/system/$1"
}

run() { # [VARIABLE=VALUE...] -- ARGUMENTS: status in $status, all output in $output
  variables=
  while [ "$1" != -- ]; do
    variables="$variables $1"
    shift
  done
  shift
  status=0
  # shellcheck disable=SC2086 # a list; the last value of a variable counts
  env -i PATH="$tools" HOME="$scratch/home" SSL_CERT_FILE="$scratch/no-authorities" \
    DEBIAN_MIRROR="file://$mirror" $variables sh "$workspace/bazelw" "$@" > "$output" 2>&1 || status=$?
}

check() { # NAME COMMAND...
  name=$1
  shift
  if "$@"; then
    echo "ok: $name"
  else
    echo "FAILED: $name (status $status); it said:"
    sed 's/^/    /' "$output"
    failures=$((failures + 1))
  fi
}
says() { # STATUS TEXT...: ended with the status and said all of it
  [ "$status" -eq "$1" ] || return 1
  shift
  for text; do grep -qF -- "$text" "$output" || return 1; done
}
is_empty() { [ ! -d "$1" ] || [ -z "$(ls -A "$1")" ]; }
count_installed() { find "$cache" -mindepth 1 -maxdepth 1 -type d | wc -l; }
forget() { rm -rf "$scratch/home" && mkdir "$scratch/home"; }
wait_for() { # COMMAND...: until it succeeds, ten seconds at most
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || return 1
    sleep 0.1
  done
}

# --- the tests

test_machine() {
  system_program bazel "$version"
  run PATH="$scratch/system:$tools" -- build //some:target
  check 'a bazel on PATH of the right version is used' says 0 'system bazel: build //some:target'
  system_program bazel "$version+ds"
  run PATH="$scratch/system:$tools" -- build
  check 'so is a distribution'"'"'s build of that version' says 0 'system bazel: build'
  run PATH="$scratch/system:$tools" BAZELW_SYSTEM=0 -- build
  check 'unless BAZELW_SYSTEM=0' says 0 'private bazel: '
  system_program bazel "${version}9"
  run PATH="$scratch/system:$tools" -- build
  check 'one of another version is not' says 0 'private bazel: '
  system_program bazelisk 1
  run PATH="$scratch/system:$tools" -- build
  check 'bazelisk is used' says 0 'system bazelisk: build'
}

test_install() {
  forget
  run -- test //...
  check 'the first run installs' says 0 'fetching 1 packages' 'private bazel: ' ' test //...'
  mv "$mirror" "$mirror.away"
  run -- test //...
  check 'the second one does not' says 0 'private bazel: ' ' test //...'
  check 'and adds no words of its own' [ "$(wc -l < "$output")" -eq 1 ]
  mv "$mirror.away" "$mirror"
  if [ -n "$(path_of dpkg-deb)" ]; then
    forget
    ln -s "$(path_of dpkg-deb)" "$tools/dpkg-deb"
    run -- build
    rm "$tools/dpkg-deb"
    check 'dpkg-deb unpacks too' says 0 'private bazel: '
  fi
}

test_failures() {
  forget
  run DEBIAN_MIRROR=file:///no/such/mirror -- build
  check 'no mirror: what and from where' says 1 "$DEB" 'from file:///no/such/mirror' "cannot get Bazel $version"
  check 'no mirror: nothing stays' is_empty "$cache"
  run DEBIAN_MIRROR=http://127.0.0.1:1/debian -- build
  [ -x /usr/lib/apt/apt-helper ] || check 'nothing to download with' says 1 'install curl or wget'
  for downloader in curl wget busybox; do
    [ -n "$(path_of "$downloader")" ] || continue
    ln -s "$(path_of "$downloader")" "$tools/$downloader"
    run DEBIAN_MIRROR=http://user:secret@127.0.0.1:1/debian -- build
    rm "$tools/$downloader"
    check "no network ($downloader)" says 1 "$DEB" 'from http://127.0.0.1:1/debian' "cannot get Bazel $version"
  done
  lock_package 0000000000000000000000000000000000000000000000000000000000000000
  run -- build
  check 'a wrong checksum' says 1 "$DEB" "from file://$mirror" 'has sha256' 'not 0000'
  check 'a wrong checksum: nothing stays' is_empty "$cache"
  make_package
  run HOME= -- build
  check 'nowhere to install' says 1 'set HOME or XDG_CACHE_HOME'
  run XDG_CACHE_HOME=some/where -- build
  check 'a relative cache' says 1 'must be absolute: some/where'
}

test_interruption() {
  forget
  mkdir -p "$cache/0.0.0-dead.$(uname -n).99999999"
  mv "$mirror/$DEB" "$scratch/deb"
  mkfifo "$mirror/$DEB" # a download that does not end
  run -- build &
  check 'a slow first run starts' wait_for unfinished
  kill "${directory##*.}"
  wait || :
  check 'interrupted, it leaves nothing half-installed' is_empty "$cache"
  rm "$mirror/$DEB"
  mv "$scratch/deb" "$mirror/$DEB"
  run -- build
  check 'the next run installs' says 0 'private bazel: '
}
unfinished() {
  for directory in "$cache/$version"-*; do
    [ -d "$directory/downloads" ] && [ -e "$directory/wanted" ] && return
  done
  return 1
}

test_two_at_once() {
  forget
  (output=$output.1 && run -- build 1 && says 0 'private bazel: ') &
  first=$!
  (output=$output.2 && run -- build 2 && says 0 'private bazel: ') &
  second=$!
  check 'the first of two runs at once succeeds' wait "$first"
  check 'and so does the second' wait "$second"
  check 'with one Bazel' [ "$(count_installed)" -eq 1 ]
}

copy_workspace "$@"
gather_tools
make_package
: > "$scratch/no-authorities"
forget
test_machine
test_install
test_failures
test_interruption
test_two_at_once
[ "$failures" -eq 0 ]
