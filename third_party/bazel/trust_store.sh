#!/bin/sh
# Writes a Java key store (JKS, version 2) with the certificates of a PEM bundle: trust_store.sh BUNDLE
# Its closing digest is zero: Java compares it only when it is given a password, and here it is not.
set -eu

readonly MAGIC='\376\355\376\355'
readonly VERSION=2
readonly TRUSTED_CERTIFICATE=2

u32() { # a big-endian 32-bit number
  # shellcheck disable=SC2059 # the inner printf makes the escapes
  printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)))"
}
text() { # a string after its 16-bit length
  # shellcheck disable=SC2059
  printf "$(printf '\\000\\%03o' ${#1})%s" "$1"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
awk -v directory="$scratch" '
  /BEGIN CERTIFICATE/ { file = sprintf("%s/%04d", directory, ++count); inside = 1; next }
  /END CERTIFICATE/ { if (inside) close(file); inside = 0 }
  inside { print > file }' "$1"

set -- "$scratch"/[0-9]*
[ -e "$1" ] || set --
# shellcheck disable=SC2059
printf "$MAGIC"
u32 "$VERSION"
u32 $#
for certificate; do
  base64 -d < "$certificate" > "$scratch/der"
  u32 "$TRUSTED_CERTIFICATE"
  text "${certificate##*/}"
  u32 0 # creation time, two halves
  u32 0
  text X.509
  u32 "$(($(wc -c < "$scratch/der")))"
  cat "$scratch/der"
done
for word in 0 0 0 0 0; do u32 "$word"; done
