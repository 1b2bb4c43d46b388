# Unpacks packages and makes them run where they lie. Sourced by install.sh.
# shellcheck shell=sh

unpack() { # DEB DIRECTORY
  if command -v dpkg-deb > /dev/null 2>&1; then
    dpkg-deb -x "$1" "$2"
    return
  fi
  # An ar archive: 8 bytes, then members, each after a header of 60 bytes with its name and size.
  offset=8
  while header=$(tail -c +$((offset + 1)) "$1" | head -c 60) && [ -n "$header" ]; do
    # shellcheck disable=SC2086 # name, time, owner, group, mode, size
    set -- "$1" "$2" $header
    offset=$((offset + 60))
    case $3 in
      data.tar.xz*) tail -c +$((offset + 1)) "$1" | head -c "$8" | xz -dc | (cd "$2" && tar -xf -) ;;
      data.tar.gz*) tail -c +$((offset + 1)) "$1" | head -c "$8" | gzip -dc | (cd "$2" && tar -xf -) ;;
      data.tar*) return 1 ;;
    esac
    case $3 in data.tar*) return ;; esac
    offset=$((offset + $8 + $8 % 2))
  done
  return 1
}

is_elf() { # FILE: a program, not a link to one
  [ -f "$1" ] && [ ! -L "$1" ] && [ "$(head -c 4 "$1" | tail -c 3)" = ELF ]
}

# A program's place is taken by a script that starts it with the packages' own loader and libraries.
# The paths are absolute, since Bazel reaches these programs through links of its own.
wrap() { # ROOT JDK PROGRAM
  is_elf "$3" || return 0
  mv "$3" "$3.elf"
  cat > "$3" << END
#!/bin/sh
exec "$1/usr/lib64/ld-linux-x86-64.so.2" --argv0 "\$0" --library-path "$1/usr/lib/x86_64-linux-gnu:$2/lib" "$3.elf" "\$@"
END
  chmod 755 "$3"
}

relocate() { # ROOT SCRIPTS VERSION: the unpacked packages in ROOT become a Bazel, started by ROOT/bazel
  for unused in doc locale man maven-repo; do rm -rf "$1/usr/share/$unused"; done
  find "$1" -type l | while IFS= read -r link_in_root; do
    to=$(readlink "$link_in_root")
    case $to in /*) ln -sfn "$1$to" "$link_in_root" ;; esac
  done
  chmod -R u+w "$1"
  set -- "$1" "$2" "$3" "$1"/usr/lib/jvm/java-[0-9][0-9]-openjdk-amd64
  for program in "$1"/usr/bin/bazel "$1"/usr/libexec/x86_64-linux-gnu/bazel/* "$4/bin/java"; do
    wrap "$1" "$4" "$program"
  done
  # The server's jars are listed by absolute path; these were only named in manifests inside them.
  jars=$1/usr/share/bazel/bazel_classpath_debian_depends.txt
  printf '\n/usr/share/java/%s.jar' perfmark-api animal-sniffer-annotations protobuf >> "$jars"
  sed -i "s,^/usr/,$1/usr/," "$jars"
  # The server looks for this library beside itself.
  ln -sfn ../../lib/x86_64-linux-gnu/libzstd-jni.so "$1/usr/share/bazel/libzstd-jni.so"
  trust_the_machines_authorities "$2" "$4/lib/security/cacerts"
  write_start "$1" "$4" "$3"
}

# Java has its own form of what the machine trusts. Without a bundle only http works.
trust_the_machines_authorities() { # SCRIPTS FILE
  for bundle in "${SSL_CERT_FILE:-}" /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt \
    /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
    [ -r "$bundle" ] || continue
    rm -f "$2"
    sh "$1/trust_store.sh" "$bundle" > "$2"
    return
  done
}

write_start() { # ROOT JDK VERSION: the program that starts Bazel, and its options
  {
    printf 'common --distdir=%s/packages\n' "$1"
    # The sandbox gives each action a /tmp of its own: a Bazel under /tmp has to be let in.
    case $1 in /tmp/*) printf 'build --sandbox_add_mount_pair=%s\n' "$1" ;; esac
    # Not the locked packages: then neither are the rule sets, which come in the same versions.
    [ ! -e "$1/newest" ] || override_repositories "$1/usr/share/bazel"
  } > "$1/bazelrc"
  # Java's other ways to start a process go through a program that is not in its place here.
  # The version is asked of a client that looks for itself in a form Debian does not use.
  cat > "$1/bazel" << END
#!/bin/sh
[ "\$*" != --version ] || {
  echo "bazel $3"
  exit
}
exec "$1/usr/bin/bazel" --install_base="$1/usr/share/bazel" --trust_install_base --server_javabase="$2" \\
  --host_jvm_args=-Djdk.lang.Process.launchMechanism=VFORK --nosystem_rc --bazelrc="$1/bazelrc" "\$@"
END
  chmod 755 "$1/bazel"
}

override_repositories() { # DIRECTORY
  for rules in "$1"/rules/*; do
    printf 'common --override_repository=rules_%s=%s\n' "${rules##*/}" "$rules"
  done
  printf 'common --override_repository=%s=%s\n' \
    bazel_features "$1/tools/features" bazel_skylib "$1/tools/skylib" platforms "$1/tools/platforms"
}
